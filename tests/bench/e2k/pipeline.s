! The same loop as the compiler pipelines it: three stages in one wide instruction, rotated registers,
! stores held back in the prologue. The exit status is the low byte of y[999].
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
	addd,0 0, 0x3eb0000000000000, %r3
	addd,1 0, 0, %r9
}
fill:
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
outer:					! LSR: 1000 turns, 2 more to drain, prologue of 2, one store left over
{
	addd,0 0, 0x00220022000003e8, %r10
	setbn rsz=5, rbs=8, rcur=0
}
{
	rwd,0 %r10, %lsr
	disp %ctpr1, inner
}
{
	addd,0 0, 0, %r2
	subd,1 0, 16, %r7
}
{
	nop 4
}
inner:
{
	loop_mode
	alc alcf=1, alct=1
	abn abnf=1, abnt=1
	ct %ctpr1 ? %NOT_LOOP_END
	ldd,2,sm [ %r0 + %r2 ], %b[0]
	ldd,3,sm [ %r1 + %r2 ], %b[1]
	fmul_addd,1,sm %b[2], %r3, %b[3], %b[6]
	std,5 %b[8], [ %r1 + %r7 ]
	addd,0 %r2, 8, %r2
	addd,4 %r7, 8, %r7
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
	ldd,0 [ %r1 + 7992 ], %r5
	setbn rsz=3, rbs=8, rcur=0
}
{
	fdtoistr,0 %r5, %r4
	sdisp %ctpr1, 3
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
x:	.skip 8064
y:	.skip 8064
