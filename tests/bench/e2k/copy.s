! Memory: 64 KiB copied 200,000 times, 32 bytes a turn; the exit status is the last byte.
	.text
	.globl _start
_start:
{
	setwd wsz=16, nfx=1
	addd,0 0, from, %r0
}
{
	addd,0 0, to, %r1
	addd,1 0, 0, %r2
}
{
	adds,0 0, 77, %r4
}
{
	disp %ctpr1, inner
	stb,2 %r4, [ %r0 + 65535 ]
	adds,0 0, 0, %r8
}
inner:
{
	ldd,0 [ %r0 + %r2 ], %r4
	addd,1 %r2, 8, %r9
	addd,4 %r2, 16, %r10
	addd,3 %r2, 24, %r11
}
{
	ldd,0 [ %r0 + %r9 ], %r5
	ldd,2 [ %r0 + %r10 ], %r6
	ldd,3 [ %r0 + %r11 ], %r7
}
{
	std,2 %r4, [ %r1 + %r2 ]
	std,5 %r5, [ %r1 + %r9 ]
}
{
	std,2 %r6, [ %r1 + %r10 ]
	std,5 %r7, [ %r1 + %r11 ]
	addd,0 %r2, 32, %r2
	cmpldb,1 %r11, 65528, %pred0
}
{
	nop 2
}
{
	ct %ctpr1 ? %pred0
}
{
	addd,0 0, 0, %r2
	adds,1 %r8, 1, %r8
	cmplsb,4 %r8, 199999, %pred1
}
{
	nop 2
}
{
	ct %ctpr1 ? %pred1
}
{
	ldb,0 [ %r1 + 65535 ], %r5
	sdisp %ctpr1, 3
	setbn rsz=3, rbs=8, rcur=0
}
{
	addd,0 0, %r5, %b[1]
	addd,1 0, 1, %b[0]
}
{
	call %ctpr1, wbs=8
}
	.bss
	.align 16
from:	.skip 65536
to:	.skip 65536
