! Integer and branches, as dhrystone mixes them: a record is copied, a string compared, two small
! procedures called. 30,000,000 turns; the exit status is the second byte of a running sum.
	.text
	.globl _start
_start:
{
	setwd wsz=12, nfx=1
	setbn rsz=3, rbs=8, rcur=0
	addd,0 0, one, %r0
}
{
	addd,0 0, two, %r1
	adds,1 0, 0, %r2
	adds,3 0, 0, %r3
}
loop:
{
	disp %ctpr1, proc
	ldd,0 [ %r0 + 0 ], %r4			! the record: 32 bytes
	ldd,2 [ %r0 + 8 ], %r5
}
{
	disp %ctpr2, compare
	ldd,0 [ %r0 + 16 ], %r6
	ldd,2 [ %r0 + 24 ], %r7
	adds,1 %r2, 7, %b[0]
}
{
	std,2 %r4, [ %r1 + 0 ]
	std,5 %r5, [ %r1 + 8 ]
	adds,1 %r3, 0, %b[1]
}
{
	std,2 %r6, [ %r1 + 16 ]
	std,5 %r7, [ %r1 + 24 ]
	call %ctpr1, wbs=8
}
{
	adds,0 0, %b[0], %r3
	addd,1 0, %r0, %b[0]
	addd,3 0, %r1, %b[1]
	disp %ctpr2, compare
}
{
	call %ctpr2, wbs=8
}
{
	disp %ctpr1, loop
	adds,0 %r3, %b[0], %r3
	adds,1 %r2, 1, %r2
	cmplsb,4 %r2, 29999999, %pred0
}
{
	nop 2
}
{
	ct %ctpr1 ? %pred0
}
{
	sdisp %ctpr1, 3
	shrs,0 %r3, 8, %b[1]
	addd,1 0, 1, %b[0]
}
{
	ands,0 %b[1], 0xff, %b[1]
}
{
	call %ctpr1, wbs=8
}

proc:					! (a, b): a odd ? b + a : b ^ (a >> 1)
{
	setwd wsz=4, nfx=1
	ands,0 %r0, 1, %r2
	shrs,1 %r0, 1, %r3
}
{
	nop 2
	return %ctpr3
	cmpesb,0 %r2, 0, %pred0
	adds,1 %r1, %r0, %r4
	xors,4 %r1, %r3, %r5
}
{
	merges,0 %r4, %r5, %r0, %pred0
}
{
	ct %ctpr3
}

compare:				! (p, q): length of the common part of two byte strings
{
	setwd wsz=6, nfx=1
	disp %ctpr1, next
	addd,0 0, 0, %r2
}
next:
{
	ldb,0 [ %r0 + %r2 ], %r3
	ldb,2 [ %r1 + %r2 ], %r4
}
{
	addd,0 %r2, 1, %r2
	cmpesb,1 %r3, 0, %pred1
	cmpesb,4 %r3, %r4, %pred0
}
{
	nop 1
	pass %pred0, @p0
	pass %pred1, @p1
	andp @p0, ~@p1, @p4
	pass @p4, %pred2
}
{
	nop 2
	return %ctpr3
}
{
	ct %ctpr1 ? %pred2
}
{
	adds,0 0, %r2, %r0
}
{
	ct %ctpr3
}
	.data
	.align 16
one:	.ascii "THE ELBRUS, 1'ST STRING"
	.byte 0
	.quad 5
two:	.quad 0, 0, 0, 0
