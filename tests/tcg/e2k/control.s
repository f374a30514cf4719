!@ windows cpu=v2,v4,v6
	START
	setbn rsz=7, rbs=8, rcur=0
	addd 0, 77, %r5
	addd 0, 78, %g20
	cmpedb 0, 0, %pred3
	addd 0, 1000, %b[0]
	disp %ctpr1, sum
	call %ctpr1, wbs=8
	EQ %b[0], 500500
	EQ %r5, 77
	EQ %g20, 1078
	TRUE %pred3				! the caller's predicates are back
	addd 0, 5, %b[1]			! and its rotated registers
	EQ %r17, 5
	PASS
sum:						! n + sum(n - 1); a frame's registers are its own
	{ setwd wsz=24, nfx=1
	  setbn rsz=7, rbs=8, rcur=2
	  cmpedb,0 %r0, 0, %pred3 }
	addd 0, %r0, %r2
	return %ctpr3
	ct %ctpr3 ? %pred3
	addd %g20, 1, %g20
	setbn rsz=7, rbs=8, rcur=0
	subd %r0, 1, %b[0]
	disp %ctpr1, sum
	call %ctpr1, wbs=8
	addd %r2, %b[0], %r0
	cmpedb 0, 1, %pred3
	return %ctpr3
	ct %ctpr3
!@ call_not_taken cpu=v2,v4
	START
	cmpedb 0, 1, %pred0
	addd 0, 4, %r20
	disp %ctpr1, callee
	call %ctpr1, wbs=8 ? %pred0
	EQ %r20, 4
	call %ctpr1, wbs=8 ? ~%pred0
	EQ %r20, 9
	PASS
callee:	setwd wsz=24, nfx=1
	addd %r4, 5, %r4
	return %ctpr3
	ct %ctpr3
!@ prepared cpu=v2,v4,v6
	START					! three at once, used blocks later, one of them twice
	addd 0, 0, %r5
	disp %ctpr1, first
	disp %ctpr2, second
	addd 0, third, %r6
	movtd,0 %r6, %ctpr3
	ibranch away
	FAIL
first:	addd %r5, 1, %r5
	cmpedb %r5, 2, %pred0
	ct %ctpr2 ? ~%pred0
	ct %ctpr3
	FAIL
second:	ct %ctpr1
	FAIL
away:	ct %ctpr1
	FAIL
third:	EQ %r5, 2
	addd 0, 3, %r7
	disp %ctpr1, fourth
	cmpedb 0, 1, %pred0
	ibranch kept ? %pred0
	addd 0, fifth, %r6
	movtd,0 %r6, %ctpr1			! prepared anew on one of two ways
kept:	ct %ctpr1
	FAIL
fourth:	FAIL
fifth:	PASS
!@ stack cpu=v2,v4
	START
	rrd %usd.lo, %r5
	setbn rsz=7, rbs=8, rcur=0
	disp %ctpr1, take
	call %ctpr1, wbs=8
	rrd %usd.lo, %r6
	subd %r5, %r6, %r6			! given back at the return
	EQ %r6, 0
	EQ %b[0], 96				! 88 bytes are 96
	PASS
take:	setwd wsz=24, nfx=1
	rrd %usd.lo, %r1
	getsp -88, %r2
	andd %r1, 0xffffffffffff, %r1
	std %r2, [ %r2 + 0 ]
	subd %r1, %r2, %r0
	return %ctpr3
	ct %ctpr3
!@ rotation cpu=v2,v4,v6
	START
	setbn rsz=3, rbs=4, rcur=0		! %r8..%r15
	{ addd,0 0, 0, %r8
	  addd,1 0, 1, %r9
	  addd,3 0, 2, %r10 }
	{ addd,0 0, 6, %r14
	  addd,1 0, 7, %r15 }
	EQ %b[0], 0
	EQ %b[7], 7
	{ abn abnf=1, abnt=0 }			! downwards: what was %b[0] is %b[2]
	EQ %b[2], 0
	EQ %b[3], 1
	EQ %b[0], 6
	EQ %b[1], 7
	{ abn abnf=0, abnt=1 }			! no transfer: not this one
	EQ %b[2], 0
	.rept 3
	{ abn abnf=1, abnt=1 }
	.endr
	EQ %b[0], 0
	setbn rsz=3, rbs=4, rcur=1
	EQ %b[0], 2
	EQ %b[6], 0
	{ addd,0 0, %b[6], %r20			! reads the old name
	  addd,1 0, 55, %b[0]
	  setbn rsz=3, rbs=4, rcur=0 }
	EQ %r20, 0
	EQ %b[2], 55
	PASS
!@ predicate_rotation cpu=v2,v4,v6
	START
	setbp psz=3
	{ cmpedb,0 0, 0, %pred0
	  cmpedb,1 0, 1, %pred1 }
	{ cmpedb,0 0, 1, %pred2
	  cmpedb,1 0, 1, %pred3
	  cmpedb,3 0, 0, %pred4 }
	{ abp abpf=1, abpt=1 }
	TRUE %pred1				! was %pred0
	FALSE %pred0
	TRUE %pred4				! outside
	{ abp abpf=1, abpt=1 }
	TRUE %pred2
	.rept 2
	{ abp abpf=1, abpt=1 }
	.endr
	TRUE %pred0
	{ abp abpf=1, abpt=1 }
	setbp psz=3				! from the start again
	TRUE %pred0
	PASS
