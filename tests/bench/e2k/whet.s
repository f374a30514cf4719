! Double precision as whetstone's first modules: 60,000,000 turns over four values; the exit status
! is the low byte of 1,000,000 times the first one.
	.text
	.globl _start
_start:
{
	setwd wsz=16, nfx=1
	addd,0 0, 0x3ff0000000000000, %r0	! 1.0
}
{
	addd,0 0, 0xbff0000000000000, %r1	! -1.0
}
{
	addd,0 0, 0xbff0000000000000, %r2
}
{
	addd,0 0, 0xbff0000000000000, %r3
	adds,1 0, 0, %r9
}
{
	addd,0 0, 0x3fdfffffffe48320, %r4	! 0.4999999999
}
{
	disp %ctpr1, loop
}
loop:					! x1 = (x1 + x2 + x3 - x4) * t and so on
{
	fadd_addd,0 %r0, %r1, %r2, %r5
}
{
	fsubd,0 %r5, %r3, %r5
}
{
	fmuld,0 %r5, %r4, %r0
}
{
	faddd,0 %r0, %r1, %r6
}
{
	fsubd,0 %r6, %r2, %r5
}
{
	faddd,0 %r5, %r3, %r5
}
{
	fmuld,0 %r5, %r4, %r1
}
{
	fsubd,0 %r0, %r1, %r5
}
{
	faddd,0 %r5, %r2, %r5
}
{
	faddd,0 %r5, %r3, %r5
	adds,1 %r9, 1, %r9
}
{
	fmuld,0 %r5, %r4, %r2
	cmplsb,1 %r9, 60000000, %pred0
}
{
	fsubd,0 %r1, %r0, %r5
}
{
	faddd,0 %r5, %r2, %r5
}
{
	faddd,0 %r5, %r3, %r5
}
{
	fmuld,0 %r5, %r4, %r3
	ct %ctpr1 ? %pred0
}
{
	addd,0 0, 0x412e848000000000, %r5	! 1,000,000.0
}
{
	fmuld,0 %r5, %r0, %r5
}
{
	fdtoistr,0 %r5, %r4
	sdisp %ctpr1, 3
	setbn rsz=3, rbs=8, rcur=0
}
{
	sxt,0 6, %r4, %b[1]
	addd,1 0, 1, %b[0]
}
{
	andd,0 %b[1], 0xff, %b[1]
}
{
	call %ctpr1, wbs=8
}
