.macro LOGIC op, a, b, old, want
	cmpedb \old, 1, %pred5
	{ pass \a, @p0
	  pass \b, @p1
	  \op @p0, @p1, @p4
	  pass @p4, %pred5 }
	addd 0, 0, %r5
	addd 0, 1, %r5 ? %pred5
	EQ %r5, \want
.endm
.macro LOGIC_NOT op, a, b, want
	{ pass \a, @p0
	  pass \b, @p1
	  \op ~@p0, ~@p1, @p4
	  pass @p4, %pred5 }
	addd 0, 0, %r5
	addd 0, 1, %r5 ? %pred5
	EQ %r5, \want
.endm
!@ compares cpu=v2,v4,v6
	START
	CMP cmpedb, 5, 5, 1
	CMP cmpedb, 0x100000005, 5, 0
	CMP cmpesb, 0x100000005, 5, 1
	CMP cmpldb, -1, 1, 1
	CMP cmpldb, 1, 1, 0
	CMP cmpbdb, -1, 1, 0
	CMP cmpbdb, 1, -1, 1
	CMP cmpledb, 1, 1, 1
	CMP cmpledb, 0x8000000000000000, 0x7fffffffffffffff, 1
	CMP cmpbedb, 0x8000000000000000, 0x7fffffffffffffff, 0
	CMP cmplsb, 0x80000000, 0x7fffffff, 1
	CMP cmpbsb, 0x80000000, 0x7fffffff, 0
	CMP cmpodb, 0x8000000000000000, 1, 1
	CMP cmpodb, 0x7fffffffffffffff, 1, 0
	CMP cmposb, 0x80000000, 1, 1
	CMP cmpsdb, 0, 1, 1
	CMP cmpsdb, 0x8000000000000000, 1, 0	! the difference wraps
	CMP cmppdb, 3, 0, 1			! two bits: even
	CMP cmppdb, 7, 0, 0
	CMP cmppdb, 0x103, 0, 1			! of the low byte only
	CMP cmpandedb, 0xf0, 0x0f, 1
	CMP cmpandedb, 0xf0, 0x1f, 0
	CMP cmpandsdb, -1, 0x8000000000000000, 1
	CMP cmpandledb, 0xf0, 0x0f, 1
	CMP cmpandpdb, 0xff, 0x03, 1
	CMP cmpandesb, 0x100000000, 0x100000000, 1
	PASS
!@ logic cpu=v2,v4,v6
	START
	{ cmpedb,0 0, 1, %pred0
	  cmpedb,1 0, 0, %pred1 }
	LOGIC andp, %pred0, %pred0, 1, 0
	LOGIC andp, %pred0, %pred1, 1, 0
	LOGIC andp, %pred1, %pred0, 1, 0
	LOGIC andp, %pred1, %pred1, 0, 1
	LOGIC landp, %pred0, %pred1, 1, 0
	LOGIC landp, %pred1, %pred1, 0, 1
	LOGIC movep, %pred0, %pred1, 0, 0	! stays
	LOGIC movep, %pred0, %pred0, 1, 1
	LOGIC movep, %pred1, %pred0, 1, 0	! is moved
	LOGIC movep, %pred1, %pred1, 0, 1
	LOGIC_NOT andp, %pred0, %pred0, 1	! neither
	LOGIC_NOT andp, %pred0, %pred1, 0
	LOGIC_NOT landp, %pred0, %pred0, 1
	PASS
!@ chain cpu=v2,v4
	START					! (p1 & ~p0) then & p2, in one instruction; old values
	{ cmpedb,0 0, 1, %pred0
	  cmpedb,1 0, 0, %pred1
	  cmpedb,3 0, 0, %pred2 }
	{ pass %pred0, @p0
	  pass %pred1, @p1
	  pass %pred2, @p2
	  andp ~@p0, @p1, @p4
	  landp @p4, @p2, @p5
	  pass @p5, %pred3 }
	TRUE %pred3
	{ cmpedb,0 0, 0, %pred0			! the logic reads the one before
	  pass %pred0, @p0
	  pass %pred1, @p1
	  andp @p0, @p1, @p4
	  pass @p4, %pred3 }
	FALSE %pred3
	TRUE %pred0
	PASS
!@ guarded cpu=v2,v4,v6
	START
	{ cmpedb,0 0, 1, %pred0
	  cmpedb,1 0, 0, %pred1 }
	addd 0, 7, %r5
	addd 0, 8, %r5 ? %pred0
	EQ %r5, 7
	addd 0, 8, %r5 ? ~%pred0
	EQ %r5, 8
	addd 0, 0, %r6
	ldd [ %r6 + 0 ], %r5 ? %pred0		! no fault
	std %r6, [ %r6 + 0 ] ? ~%pred1
	sdivd,5 %r5, %r6, %r5 ? %pred0
	EQ %r5, 8
	cmpedb 0, 0, %pred2
	cmpedb 0, 1, %pred2 ? %pred0		! stays
	TRUE %pred2
	cmpedb 0, 1, %pred2 ? %pred1
	FALSE %pred2
	PASS
!@ merge cpu=v2,v4,v6
	START
	{ cmpedb,0 0, 1, %pred0
	  cmpedb,1 0, 0, %pred1 }
	addd 0, -1, %r5
	addd 0, -2, %r6
	merged %r5, %r6, %r7, %pred1
	EQ %r7, -2
	merged %r5, %r6, %r7, %pred0
	EQ %r7, -1
	merged %r5, %r6, %r7, ~%pred0
	EQ %r7, -2
	addd 0, 0, %r7
	merges %r5, %r6, %r7, %pred1
	EQ %r7, 0xfffffffe
	PASS
