! linpack's inner loop as an unpipelined one: y[i] = y[i] + a * x[i] over 1000 doubles, 1,000,000 times
! with a = 2^-20; the exit status is the low byte of y[999] as an integer.
	.text
	.globl _start
_start:
{
	setwd wsz=16, nfx=1
	addd,0 0, x, %r0
}
{
	addd,0 0, y, %r1
	addd,1 0, 0, %r2
}
{
	addd,0 0, 0x3eb0000000000000, %r3	! 2^-20
	addd,1 0, 0, %r9
}
fill:					! x[i] = i + 1, y[i] = 0
{
	disp %ctpr1, fill
	adds,0 %r9, 1, %r9
}
{
	istofd,0 %r9, %r4
}
{
	std,2 %r4, [ %r0 + %r2 ]
	addd,0 0, 0, %r5
}
{
	std,2 %r5, [ %r1 + %r2 ]
	addd,0 %r2, 8, %r2
	cmplsb,1 %r9, 1000, %pred0
}
{
	nop 2
}
{
	ct %ctpr1 ? %pred0
}
{
	addd,0 0, 0, %r8
	disp %ctpr2, outer
}
outer:
{
	addd,0 0, 0, %r2
	disp %ctpr1, inner
}
inner:
{
	ldd,0 [ %r0 + %r2 ], %r4
	ldd,2 [ %r1 + %r2 ], %r5
}
{
	fmuld,0 %r4, %r3, %r6
	addd,1 %r2, 8, %r7
}
{
	faddd,0 %r5, %r6, %r5
	cmpldb,1 %r7, 8000, %pred0
}
{
	std,2 %r5, [ %r1 + %r2 ]
	addd,0 %r7, 0, %r2
	ct %ctpr1 ? %pred0
}
{
	adds,0 %r8, 1, %r8
	cmplsb,1 %r8, 999999, %pred1
}
{
	nop 2
}
{
	ct %ctpr2 ? %pred1
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
	.bss
	.align 16
x:	.skip 8000
y:	.skip 8000
