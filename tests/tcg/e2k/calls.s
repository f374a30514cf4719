! Calls: predicates that a callee sees, what comes back at the return, deep and hot.
.macro CLEAR4 a, b, c, d
	{ cmpedb,0 0, 1, \a
	  cmpedb,1 0, 1, \b
	  cmpedb,3 0, 1, \c
	  cmpedb,4 0, 1, \d }
.endm
!@ inherited cpu=v2,v4,v6
	START
	setbn rsz=7, rbs=8, rcur=0
	{ cmpedb,0 0, 0, %pred0
	  cmpedb,1 0, 1, %pred1
	  cmpedb,3 0, 0, %pred5 }
	disp %ctpr1, outer
	call %ctpr1, wbs=8
	TRUE %pred0				! neither callee's are left
	FALSE %pred1
	TRUE %pred5
	EQ %b[0], 5
	PASS
outer:	{ setwd wsz=24, nfx=1
	  setbn rsz=7, rbs=8, rcur=0 }
	TRUE %pred0
	FALSE %pred1
	{ cmpedb,0 0, 1, %pred0
	  cmpedb,1 0, 1, %pred5 ? %pred1 }	! false: the caller's value stays
	disp %ctpr1, inner
	call %ctpr1, wbs=8
	FALSE %pred0
	FALSE %pred1
	TRUE %pred5
	addd 0, 0, %r0
	addd %r0, 5, %r0 ? %pred5
	return %ctpr3
	ct %ctpr3
inner:	setwd wsz=16, nfx=1
	{ pass %pred0, @p0			! outer's, and outer's caller's
	  pass %pred5, @p1
	  landp ~@p0, @p1, @p4
	  pass @p4, %pred7 }
	TRUE %pred7
	FALSE %pred1
	{ cmpedb,0 0, 0, %pred0
	  cmpedb,1 0, 0, %pred1
	  cmpedb,3 0, 1, %pred5 }
	TRUE %pred1
	return %ctpr3
	ct %ctpr3
!@ deep cpu=v2,v4,v6
	START
	setbn rsz=7, rbs=8, rcur=0
	cmpedb 0, 0, %pred9			! set here, read at the bottom
	cmpedb 0, 1, %pred8
	addd 0, 300, %b[0]
	cmpedb 0, 1, %pred10
	disp %ctpr1, down
	call %ctpr1, wbs=8
	EQ %b[0], 300
	FALSE %pred10
	TRUE %pred9
	PASS
down:	{ setwd wsz=24, nfx=1			! %pred10 says whether %r0 is odd, inherited
	  setbn rsz=7, rbs=8, rcur=0 }
	andd %r0, 1, %r5
	{ addd,0 0, 0, %r6
	  cmpedb,1 %r0, 0, %pred12 }
	addd 0, 1, %r6 ? %pred10
	EQ %r6, %r5
	disp %ctpr1, bottom
	ct %ctpr1 ? %pred12
	subd %r0, 1, %b[0]
	andd %b[0], 1, %r7
	cmpedb %r7, 1, %pred10
	disp %ctpr1, down
	call %ctpr1, wbs=8
	addd 0, 0, %r6
	addd 0, 1, %r6 ? %pred10		! as it was before the call
	EQ %r6, %r7
	FALSE %pred12
	addd %b[0], 1, %r0
	return %ctpr3
	ct %ctpr3
bottom:	TRUE %pred9
	FALSE %pred8
	cmpedb 0, 1, %pred9
	addd 0, 0, %r0
	return %ctpr3
	ct %ctpr3
!@ hot_loop cpu=v2,v4
	START					! a loop that reads its procedure's caller's predicate
	setbn rsz=7, rbs=8, rcur=0
	addd 0, 0, %r7
	addd 0, 0, %r8
again:	cmpedb %r7, 2, %pred3
	addd %r7, 0, %b[0]
	disp %ctpr1, count
	call %ctpr1, wbs=8
	addd %r8, %b[0], %r8
	addd %r7, 1, %r7
	cmpedb %r7, 5, %pred4
	disp %ctpr1, again
	ct %ctpr1 ? ~%pred4
	EQ %r8, 4400				! 4 times 900, once 800
	PASS
count:	setwd wsz=24, nfx=1
	addd 0, 0, %r0
	addd 0, 100, %r5
	disp %ctpr1, turn
turn:	addd %r0, 8, %r0 ? %pred3
	addd %r0, 9, %r0 ? ~%pred3
	subd %r5, 1, %r5
	cmpedb %r5, 0, %pred6
	ct %ctpr1 ? ~%pred6
	return %ctpr3
	ct %ctpr3
!@ saved cpu=v2,v4,v6
	START					! CR0: the caller's predicates, two bits each
	setbn rsz=7, rbs=8, rcur=0
	CLEAR4 %pred0, %pred1, %pred2, %pred3
	CLEAR4 %pred4, %pred5, %pred6, %pred7
	CLEAR4 %pred8, %pred9, %pred10, %pred11
	CLEAR4 %pred12, %pred13, %pred14, %pred15
	CLEAR4 %pred16, %pred17, %pred18, %pred19
	CLEAR4 %pred20, %pred21, %pred22, %pred23
	CLEAR4 %pred24, %pred25, %pred26, %pred27
	CLEAR4 %pred28, %pred29, %pred30, %pred31
	{ cmpedb,0 0, 0, %pred1
	  cmpedb,1 0, 0, %pred4
	  cmpedb,3 0, 0, %pred30 }
	disp %ctpr1, through
	call %ctpr1, wbs=8
	EQ %b[0], 0x1000000000000104
	PASS
through:
	{ setwd wsz=24, nfx=1			! it has none of its own
	  setbn rsz=7, rbs=8, rcur=0 }
	disp %ctpr1, look
	call %ctpr1, wbs=8
	addd %b[0], 0, %r0
	return %ctpr3
	ct %ctpr3
look:	setwd wsz=16, nfx=1
	cmpedb 0, 1, %pred1
	rrd %cr0.lo, %r0
	return %ctpr3
	ct %ctpr3
!@ nested cpu=v2,v4,v6
	START					! short procedures: three levels, stacks, globals, predicates
	setbn rsz=7, rbs=8, rcur=0
	rrd %usd.lo, %r9
	addd 0, 0, %r7
	addd 0, 0, %r8
	addd 0, 0, %g20
round:	{ cmpedb,0 0, 0, %pred0
	  cmpedb,1 0, 1, %pred1 }
	addd %r7, 3, %b[0]
	addd 0, 4, %b[1]
	disp %ctpr1, level1
	call %ctpr1, wbs=8
	addd %r8, %b[0], %r8
	TRUE %pred0
	FALSE %pred1
	EQ %b[1], 4
	rrd %usd.lo, %r10
	subd %r9, %r10, %r10
	EQ %r10, 0
	addd %r7, 1, %r7
	cmpedb %r7, 60, %pred4
	disp %ctpr1, round
	ct %ctpr1 ? ~%pred4
	EQ %r8, 2670				! the sum of n + 15
	EQ %g20, 120
	PASS
level1:	{ setwd wsz=24, nfx=1
	  setbn rsz=7, rbs=8, rcur=0
	  cmpedb,0 0, 1, %pred0 }
	getsp -32, %r2
	std %r0, [ %r2 + 0 ]
	addd %r0, 1, %b[0]
	disp %ctpr2, level2
	call %ctpr2, wbs=8
	ldd [ %r2 + 0 ], %r3
	{ addd,0 %g20, 1, %g20
	  subd,1 %b[0], %r3, %r4 }		! 12
	addd %r3, %r4, %r0
	return %ctpr3
	ct %ctpr3
level2:	{ setwd wsz=16, nfx=1
	  setbn rsz=3, rbs=4, rcur=1
	  cmpedb,0 0, 0, %pred1 }
	getsp -16, %r2
	addd %r0, 5, %b[0]
	addd %r0, 7, %r3
	disp %ctpr1, level3
	setbn rsz=3, rbs=4, rcur=0
	addd %r0, 5, %b[0]
	call %ctpr1, wbs=4
	addd %b[0], 5, %r0
	addd %g20, 1, %g20
	return %ctpr3
	ct %ctpr3
level3:	addd %r0, 1, %r0			! its window is its parameters
	return %ctpr3
	ct %ctpr3
!@ wide cpu=v2,v4
	START					! windows that together are larger than the register file
	setbn rsz=7, rbs=8, rcur=0
	addd 0, 0, %r7
rounds:	addd %r7, 3, %b[0]
	disp %ctpr1, wide1
	call %ctpr1, wbs=8
	subd %b[0], %r7, %b[0]
	EQ %b[0], 10
	addd %r7, 1, %r7
	cmpedb %r7, 10, %pred4
	disp %ctpr1, rounds
	ct %ctpr1 ? ~%pred4
	PASS
wide1:	{ setwd wsz=112, nfx=1
	  setbn rsz=7, rbs=60, rcur=0 }
	addd %r0, 1, %b[0]
	addd %r0, 0, %r60
	disp %ctpr1, wide2
	call %ctpr1, wbs=60
	addd %b[0], %r60, %r0
	subd %r0, %r60, %r0
	return %ctpr3
	ct %ctpr3
wide2:	{ setwd wsz=112, nfx=1
	  setbn rsz=7, rbs=63, rcur=0 }
	addd %r0, 6, %b[15]
	addd %r0, 0, %r50
	addd %b[15], 0, %r0
	return %ctpr3
	ct %ctpr3
!@ too_far signal=SIGSEGV
	START					! a register outside the parameters, in the called procedure
	disp %ctpr1, outside
	call %ctpr1, wbs=24
	FAIL
outside:
	addd %r16, 0, %r0
	FAIL
