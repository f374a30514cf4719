! Operand tags. TAG compares the tag of a register, two bits for each 32 bits.
.macro TAG reg, want
	addd 0, 0, %r4
	gettagd,2 \reg, %r4
	EQ %r4, \want
.endm
.macro BAD reg				! a diagnostic value: there is nothing at this address
	ldd,0,sm [ 0 + 8 ], \reg
.endm
!@ load tags=on cpu=v2,v6
	START
	addd 0, 1, %r5
	BAD %r5
	TAG %r5, 5
	BAD %g20
	TAG %g20, 5
	addd 0, data, %r8
	ldd,0,sm [ %r8 + 0 ], %r5		! this one is there
	EQ %r5, 0x123456789
	TAG %r5, 0
	BAD %r6					! a diagnostic address
	ldw,3,sm [ %r6 + 0 ], %r7
	TAG %r7, 5
	PASS
	.data
data:	.dword 0x123456789
!@ load_off tags=off cpu=v2,v6
	START					! without tags there are none
	BAD %r5
	TAG %r5, 0
	addd %r5, 0, %r5
	PASS
!@ use tags=on signal=SIGILL cpu=v2,v6
	START
	BAD %r5
	addd,0 %r5, 1, %r6
	PASS
!@ use_global tags=on signal=SIGILL cpu=v6
	START
	BAD %g20
	adds,0 %g20, 1, %r6
	PASS
!@ use_empty tags=on signal=SIGILL cpu=v6
	START
	BAD %r5
	addd,0 %r5, 1, %empty
	PASS
!@ use_compare tags=on signal=SIGILL cpu=v6
	START
	BAD %r5
	cmpedb,0 %r5, 1, %pred3
	PASS
!@ use_float tags=on signal=SIGILL cpu=v6
	START
	BAD %r5
	faddd,0 %r5, %r5, %r6
	PASS
!@ use_address tags=on signal=SIGILL cpu=v6
	START
	BAD %r5
	ldd,0 [ %r5 + 0 ], %r6
	PASS
!@ use_value tags=on signal=SIGILL cpu=v6
	START
	addd 0, data, %r8
	BAD %r5
	std,2 %r5, [ %r8 + 0 ]
	PASS
	.data
data:	.dword 0
!@ use_twice tags=on signal=SIGILL cpu=v6
	START					! a register that was a number in this block
	addd 0, 7, %r5
	addd %r5, 1, %r6
	EQ %r6, 8
	BAD %r5
	addd %r5, 1, %r6
	PASS
!@ use_upper tags=on signal=SIGILL cpu=v6
	START					! the upper half keeps its tag under a 32-bit result
	BAD %r5
	adds 0, 7, %r5
	TAG %r5, 4
	adds %r5, 0, %r6			! ... where nobody looks
	addd 0, 0, %r7
	adds %r5, 0, %r7
	EQ %r7, 7
	addd %r5, 0, %r6
	PASS
!@ use_pointer tags=on signal=SIGILL cpu=v6
	START					! tags of the protected mode
	addd 0, 1, %r5
	puttagd,2 %r5, 2, %r6
	addd %r6, 0, %r6
	PASS
!@ propagate tags=on cpu=v2,v6
	START
	addd 0, 3, %r9
	BAD %r5
	addd,0,sm %r5, 1, %r6
	TAG %r6, 5
	addd,0,sm %r9, 1, %r6
	TAG %r6, 0
	addd 0, 0, %r6
	adds,0,sm %r9, %r5, %r6			! 32 bits: only their tag
	TAG %r6, 1
	adds,0,sm %r9, 1, %r6
	TAG %r6, 0
	addd 0, 0, %r6
	shl_addd,1,sm %r9, 1, %r5, %r6		! the third source
	TAG %r6, 5
	fmuld,0,sm %r5, %r9, %r6
	TAG %r6, 5
	addd,0,sm %r6, 1, %r6			! from block to block
	ibranch next
next:	TAG %r6, 5
	addd,0 0, 9, %r6
	TAG %r6, 0
	{ addd,0,sm %r5, 0, %r7			! a bundle reads before it writes
	  addd,1 0, 4, %r5 }
	TAG %r7, 5
	TAG %r5, 0
	EQ %r5, 4
	PASS
!@ wide tags=on cpu=v3

_start:	setwd wsz=32, nfx=1, dbl=1		! 32-bit results clear the upper half
	BAD %r5
	adds 0, 7, %r5
	TAG %r5, 0
	EQ %r5, 7
	adds 0, 0, %r6
	BAD %r5
	adds,0,sm 1, %r5, %r6
	TAG %r6, 5
	PASS
!@ quad tags=on cpu=v5,v6
	START
	addd 0, data, %r8
	ldqp,0,sm [ 0 + 16 ], %r5
	TAG %r5, 5
	qpand,0,sm %r5, %r5, %r6
	TAG %r6, 5
	ldqp,0 [ %r8 + 0 ], %r7
	qpor,0,sm %r5, %r7, %r6
	TAG %r6, 5
	qpor,0,sm %r7, %r7, %r6
	TAG %r6, 0
	qpor,0 %r7, %r7, %r6
	EQ %r6, 5
	PASS
	.data
	.align 16
data:	.dword 5, 6
!@ quad_upper tags=on cpu=v5,v6 signal=SIGILL
	START					! the upper 64 bits stay as they were
	ldqp,0,sm [ 0 + 16 ], %r5
	addd 0, 1, %r5
	EQ %r5, 1
	qpor,0 %r5, %r5, %r6
	PASS
!@ gettag tags=on cpu=v2,v6
	START
	addd 0, 0xff, %r5
	puttagd,2 %r5, 5, %r6
	TAG %r6, 5
	puttagd,2 %r5, 9, %r6
	TAG %r6, 9
	puttagd,2 %r5, 0, %r6
	TAG %r6, 0
	EQ %r6, 0xff
	puttags,2 %r5, 3, %r6
	TAG %r6, 3
	puttagd,2 %r6, 0, %r6			! its first source may be anything
	EQ %r6, 0xff
	addd 0, 6, %r7
	puttagd,2 %r5, %r7, %r6
	TAG %r6, 6
	addd 0, 0, %r7
	gettags,2 %r6, %r7
	EQ %r7, 2
	BAD %r7
	gettagd,2 %r6, %r7			! writes 32 bits
	TAG %r7, 4
	PASS
!@ move tags=on cpu=v2,v6
	START
	BAD %r5
	movtd,0 %r5, %r6
	TAG %r6, 5
	addd 0, 0, %r7
	movts,0 %r5, %r7
	TAG %r7, 1
	movtcd,0,sm %r5, %r8
	TAG %r8, 5
	addd 0, 3, %r9
	movtd,0 %r9, %r6
	EQ %r6, 3
	movtd,0 %r5, %ctpr1			! may be moved, not jumped to
	puttagd,2 %r9, 9, %r6
	movtd,0 %r6, %r7
	TAG %r7, 9
	PASS
!@ move_checks tags=on signal=SIGILL cpu=v6
	START
	BAD %r5
	movtcd,0 %r5, %r6
	PASS
!@ jump tags=on signal=SIGILL cpu=v6
	START
	addd 0, here, %r5
	puttagd,2 %r5, 5, %r5
	movtd,0 %r5, %ctpr1
	ct %ctpr1
here:	PASS
!@ merge tags=on cpu=v2,v6
	START					! what is not selected does not count
	BAD %r5
	addd 0, 3, %r6
	cmpedb 0, 0, %pred2
	merged,1 %r5, %r6, %r7, %pred2
	EQ %r7, 3
	merged,1 %r6, %r5, %r7, ~%pred2
	EQ %r7, 3
	merged,1,sm %r6, %r5, %r7, %pred2
	TAG %r7, 5
	PASS
!@ merge_selects tags=on signal=SIGILL cpu=v6
	START
	BAD %r5
	addd 0, 3, %r6
	cmpedb 0, 0, %pred2
	merged,1 %r6, %r5, %r7, %pred2
	PASS
!@ merge_pred tags=on signal=SIGILL cpu=v6
	START
	BAD %r5
	addd 0, 3, %r6
	cmpedb,0,sm %r5, 0, %pred2
	merged,1,sm %r6, %r6, %r7, %pred2
	TAG %r7, 5
	merged,1 %r6, %r6, %r7, %pred2
	PASS
!@ guarded tags=on cpu=v2,v6
	START					! what is not executed does not trap
	BAD %r5
	addd 0, 3, %r6
	cmpedb 0, 1, %pred2
	addd %r5, 1, %r6 ? %pred2
	EQ %r6, 3
	addd,0,sm %r5, 1, %r6 ? %pred2
	TAG %r6, 0
	addd,0,sm %r5, 1, %r6 ? ~%pred2
	TAG %r6, 5
	addd 0, 9, %r6 ? %pred2			! its tag stays as well
	TAG %r6, 5
	addd 0, 9, %r6 ? ~%pred2
	TAG %r6, 0
	std,2 %r5, [ %r5 + 0 ] ? %pred2
	PASS
!@ guarded_runs tags=on signal=SIGILL cpu=v6
	START
	BAD %r5
	cmpedb 0, 0, %pred2
	addd %r5, 1, %r6 ? %pred2
	PASS
!@ pred tags=on cpu=v2,v6
	START					! diagnostic predicates and speculation
	addd 0, data, %r8
	addd 0, 3, %r6
	BAD %r5
	cmpedb,0,sm %r5, 0, %pred2
	addd,0,sm %r6, 1, %r7 ? %pred2
	TAG %r7, 5
	addd,0,sm %r6, 1, %r7 ? ~%pred2
	TAG %r7, 5
	addd,0,sm %r6, 1, %empty ? %pred2
	addd 0, 1, %r6
	std,2,sm %r6, [ %r8 + 0 ] ? %pred2
	ldd,0 [ %r8 + 0 ], %r7
	EQ %r7, 0x4000000040000001
	{ pass %pred2, @p0			! may be moved around
	  pass %pred2, @p1
	  andp @p0, @p1, @p4
	  pass @p4, %pred4 }
	cmpedb 0, 0, %pred2			! valid again
	addd 0, 8, %r7 ? %pred2
	EQ %r7, 8
	addd,0,sm 0, 1, %r7 ? %pred4
	TAG %r7, 5
	PASS
	.data
data:	.dword 0
!@ pred_guard tags=on signal=SIGILL cpu=v6
	START
	BAD %r5
	cmpedb,0,sm %r5, 0, %pred2
	addd 0, 1, %r6 ? %pred2
	PASS
!@ pred_state tags=on signal=SIGILL cpu=v6
	START					! even if speculative: a state register has no tag
	BAD %r5
	cmpedb,0,sm %r5, 0, %pred2
	rwd,0,sm 0, %lsr ? %pred2
	PASS
!@ pred_branch tags=on signal=SIGILL cpu=v6
	START
	BAD %r5
	cmpedb,0,sm %r5, 0, %pred2
	ibranch here ? %pred2
here:	PASS
!@ pred_logic tags=on cpu=v2,v6
	START
	BAD %r5
	cmpedb,0,sm %r5, 0, %pred2		! diagnostic
	cmpedb 0, 1, %pred3			! false
	cmpedb 0, 0, %pred4			! true
	{ pass %pred3, @p0
	  pass %pred2, @p1
	  landp @p0, @p1, @p4			! false, whatever the second is
	  pass @p4, %pred5 }
	addd 0, 1, %r6 ? ~%pred5
	EQ %r6, 1
	{ pass %pred3, @p0
	  pass %pred2, @p1
	  movep @p0, @p1, @p4			! does nothing
	  pass @p4, %pred4 }
	addd 0, 2, %r6 ? %pred4
	EQ %r6, 2
	{ pass %pred3, @p0
	  pass %pred2, @p1
	  andp @p0, @p1, @p4
	  pass @p4, %pred5 }
	addd,0,sm 0, 1, %r6 ? %pred5
	TAG %r6, 5
	{ pass %pred4, @p0
	  pass %pred2, @p1
	  movep @p0, @p1, @p4
	  pass @p4, %pred6 }
	addd,0,sm 0, 1, %r7 ? %pred6
	TAG %r7, 5
	PASS
!@ pred_and tags=on signal=SIGILL cpu=v6
	START
	BAD %r5
	cmpedb,0,sm %r5, 0, %pred2
	cmpedb 0, 1, %pred3
	{ pass %pred3, @p0
	  pass %pred2, @p1
	  andp @p0, @p1, @p4
	  pass @p4, %pred5 }
	addd 0, 1, %r6 ? %pred5
	PASS
!@ pred_calls tags=on cpu=v2,v6
	START					! they belong to the procedure
	BAD %r5
	cmpedb,0,sm %r5, 0, %pred2
	disp %ctpr1, callee
	call %ctpr1, wbs=16
	addd,0,sm 0, 1, %r6 ? %pred2
	TAG %r6, 5
	PASS
callee:	setwd wsz=16, nfx=1
	addd,0,sm 0, 1, %r6 ? %pred2
	addd 0, 0, %r5
	gettagd,2 %r6, %r5
	addd 0, 5, %g16
	cmpedb %r5, %g16, %pred2
	addd 0, 1, %r6 ? %pred2
	cmpedb %r6, 1, %pred3
	ibranch callee ? ~%pred3
	return %ctpr3
	ct %ctpr3
!@ pred_pcnt tags=on cpu=v2,v6
	START					! another condition that is false hides it
	BAD %r5
	cmpedb,0,sm %r5, 0, %pred2
	rwd,0 0x0004000000000000, %lsr		! pcnt = 4
	addd 0, 3, %r6
	addd 0, 1, %r6 ? %pred2, %pcnt1
	EQ %r6, 3
	PASS
!@ store tags=on cpu=v2,v6
	START					! a speculative store marks what it should not store
	addd 0, data, %r8
	addd 0, 1, %r5
	puttagd,2 %r5, 5, %r5
	std,2,sm %r5, [ %r8 + 0 ]
	stw,2,sm %r5, [ %r8 + 8 ]
	ldd,0 [ %r8 + 0 ], %r6
	TAG %r6, 0
	EQ %r6, 0x4000000040000001
	ldd,0 [ %r8 + 8 ], %r6
	EQ %r6, 0x40000001
	puttagd,2 %r8, 5, %r7			! ... and nothing to such an address
	addd 0, 5, %r6
	std,2,sm %r6, [ %r7 + 16 ]
	ldd,0 [ %r8 + 16 ], %r6
	EQ %r6, 9
	PASS
	.data
data:	.dword 0, 0, 9
!@ windows tags=on cpu=v2,v6
	START					! tags go with arguments and results
	setbn rsz=7, rbs=8, rcur=0
	addd 0, 7, %b[0]
	BAD %b[1]
	BAD %r5
	BAD %r15
	disp %ctpr1, callee
	call %ctpr1, wbs=8
	TAG %b[0], 5
	TAG %b[1], 0
	EQ %b[1], 8
	TAG %r5, 5
	TAG %r15, 5
	PASS
callee:	setwd wsz=32, nfx=1
	addd,0,sm %r1, 0, %r2
	addd %r0, 1, %r1
	addd,0,sm %r2, 0, %r0
	return %ctpr3
	ct %ctpr3
!@ new_registers tags=on cpu=v2,v6
	START					! registers that a window gains are numbers
	disp %ctpr1, first
	call %ctpr1, wbs=16
	disp %ctpr1, second
	call %ctpr1, wbs=16
	PASS
first:	setwd wsz=24, nfx=1
	BAD %r40
	BAD %r41
	return %ctpr3
	ct %ctpr3
second:	setwd wsz=24, nfx=1
	addd %r40, 0, %r0
	addd %r41, 0, %r0
	return %ctpr3
	ct %ctpr3
!@ rotation tags=on cpu=v2,v6
	START
	setbn rsz=3, rbs=4, rcur=0
	BAD %b[0]
	addd 0, 1, %b[2]
	{ nop
	  abn abnf=1, abnt=1 }
	TAG %b[2], 5
	TAG %b[4], 0
	EQ %b[4], 1
	TAG %r8, 5
	PASS
!@ division tags=on cpu=v2,v6
	START
	addd 0, 0, %r5
	addd 0, 7, %r6
	sdivd,5,sm %r6, %r5, %r7
	TAG %r7, 5
	addd 0, 0, %r7
	udivx,5,sm %r6, %r5, %r7
	TAG %r7, 1
	addd 0, 0, %r7
	udivx,5,sm %r6, %r6, %r7
	TAG %r7, 0
	EQ %r7, 1
	PASS
!@ pipeline tags=on cpu=v2,v6
	START					! a loop's prologue stores nothing, whatever it is
	addd 0, data, %r8
	BAD %r5
	rwd,0 0x0001002000000003, %lsr		! vlc, pcnt = 1, lcnt = 3
	addd 0, 0, %r10
	disp %ctpr1, loop
loop:	{ loop_mode
	  alc alcf=1, alct=1
	  std,2 %r5, [ %r8 + 0 ]
	  addd,0 0, 6, %r5
	  addd,1 %r10, 1, %r10
	  ct %ctpr1 ? %NOT_LOOP_END }
	ldd,0 [ %r8 + 0 ], %r5
	EQ %r5, 6
	PASS
	.data
data:	.dword 0
!@ array tags=on cpu=v2,v6
	START					! array loads from nowhere
	addd 0, 0x40, %r8
	aaurwd,2 %r8, %aad1
	addd 0, 1, %r9
	aaurw,2 %r9, %aaincr1
	addd 0, 0, %r9
	aaurw,2 %r9, %aaind1
	ldisp %ctpr2, prog
	{ bap }
	{ movad,0 area=0, ind=0, am=1, be=0, %r10 }
	TAG %r10, 5
	{ eap }
	PASS
	.align 8
prog:	{ fapb ct=1, dcd=0, fmt=4, mrng=8, d=1, incr=1, ind=1, asz=1, abs=0, disp=0
	  fapb dpl=0, dcd=0, fmt=0, mrng=0, d=0, incr=0, ind=0, asz=0, abs=0, disp=0 }
!@ syscall tags=on cpu=v4,v6
	START					! a diagnostic number is none; its upper half does not count
	setbn rsz=7, rbs=8, rcur=0
	sdisp %ctpr1, 3
	addd 0, 20, %b[0]
	puttagd,2 %b[0], 1, %b[0]
	call %ctpr1, wbs=8
	TAG %b[0], 0
	EQ %b[0], -38
	sdisp %ctpr1, 3
	addd 0, 20, %b[0]
	puttagd,2 %b[0], 4, %b[0]
	call %ctpr1, wbs=8
	TAG %b[0], 0
	cmplsb 0, %b[0], %pred1
	TRUE %pred1
	PASS
!@ memory tags=on cpu=v2,v6
	START					! strd and ldrd carry tags, other stores clear them
	addd 0, data, %r8
	addd 0, 0x77, %r5
	puttagd,2 %r5, 9, %r5
	addd 0, 0, %r7
	strd,2 %r5, [ %r8 + 8 ]
	ldrd,0 [ %r8 + 8 ], %r6
	TAG %r6, 9
	puttagd,2 %r6, 0, %r6
	EQ %r6, 0x77
	ldd,0 [ %r8 + 8 ], %r6			! an ordinary load gives numbers
	TAG %r6, 0
	ldrd,0 [ %r8 + 0 ], %r6
	TAG %r6, 0
	stb,2 %r7, [ %r8 + 13 ]
	ldrd,0 [ %r8 + 8 ], %r6
	TAG %r6, 1
	stw,2 %r7, [ %r8 + 8 ]
	ldrd,0 [ %r8 + 8 ], %r6
	TAG %r6, 0
	strd,2 %r5, [ %r8 + 8 ]
	strd,2 %r7, [ %r8 + 8 ]			! a number
	ldrd,0 [ %r8 + 8 ], %r6
	TAG %r6, 0
	strd,2 %r5, [ %r8 + 8 ]
	std,2 %r7, [ %r8 + 4 ]			! half of it
	ldrd,0 [ %r8 + 8 ], %r6
	TAG %r6, 8
	cmpedb 0, 1, %pred2
	std,2 %r7, [ %r8 + 8 ] ? %pred2		! not made
	ldrd,0 [ %r8 + 8 ], %r6
	TAG %r6, 8
	std,2,sm %r7, [ 0 + 8 ]			! nor this one
	ldrd,0,sm [ 0 + 8 ], %r6
	TAG %r6, 5
	PASS
	.data
	.align 8
data:	.dword 0, 0, 0
!@ memory_pages tags=on cpu=v6
	START					! each page has its own
	addd 0, data, %r8
	addd 0, 0x77, %r5
	puttagd,2 %r5, 5, %r5
	strd,2 %r5, [ %r8 + 0x2000 ]
	strd,2 %r5, [ %r8 + 0 ]
	ldrd,0 [ %r8 + 0x1000 ], %r6
	TAG %r6, 0
	std,2 %r8, [ %r8 + 0 ]
	ldrd,0 [ %r8 + 0x2000 ], %r6
	TAG %r6, 5
	ldrd,0 [ %r8 + 0 ], %r6
	TAG %r6, 0
	PASS
	.data
	.align 8
data:	.space 0x3000
!@ memory_quad tags=on cpu=v5,v6
	START
	addd 0, data, %r8
	ldqp,0,sm [ 0 + 16 ], %r5
	strqp,2 %r5, [ %r8 + 0 ]
	ldrqp,0 [ %r8 + 0 ], %r6
	TAG %r6, 5
	ldrd,0 [ %r8 + 8 ], %r6
	TAG %r6, 5
	addd 0, 0, %r7
	stqp,2 %r7, [ %r8 + 0 ]
	ldrd,0 [ %r8 + 8 ], %r6
	TAG %r6, 0
	PASS
	.data
	.align 16
data:	.dword 0, 0
!@ memory_off tags=off cpu=v2,v6
	START
	addd 0, data, %r8
	addd 0, 0x77, %r5
	puttagd,2 %r5, 5, %r5
	strd,2 %r5, [ %r8 + 0 ]
	ldrd,0 [ %r8 + 0 ], %r6
	TAG %r6, 0
	EQ %r6, 0x77
	PASS
	.data
data:	.dword 0
!@ memory_mapped tags=on cpu=v6
.macro MAP
	setbn rsz=7, rbs=8, rcur=0
	{ addd 0, 90, %b[0]
	  addd 0, 0x7000000000, %b[1] }
	{ addd 0, 0x1000, %b[2]
	  addd 0, 3, %b[3]
	  addd 0, 0x112, %b[4] }		! private, anonymous, at this address
	{ addd 0, -1, %b[5]
	  addd 0, 0, %b[6]
	  sdisp %ctpr1, 3 }
	call %ctpr1, wbs=8
	EQ %b[0], 0x7000000000
.endm
	START					! what is mapped anew has numbers
	MAP
	addd 0, 0x7000000000, %r8
	puttagd,2 %r8, 5, %r5
	strd,2 %r5, [ %r8 + 8 ]
	ldrd,0 [ %r8 + 8 ], %r6
	TAG %r6, 5
	MAP
	ldrd,0 [ %r8 + 8 ], %r6
	TAG %r6, 0
	EQ %r6, 0
	PASS
!@ loop tags=on cpu=v2,v6
	START					! one load of a hot loop fails, another time a number is put
	addd 0, 200, %r8
	addd 0, 0, %r9				! failed
	addd 0, 0, %r10				! sum
	addd 0, 0, %r13
	disp %ctpr1, loop
loop:	addd 0, data, %r11
	cmpedb %r8, 50, %pred1
	cmpedb %r8, 49, %pred2
	addd 0, 8, %r11 ? %pred1
	ldd,0,sm [ %r11 + 0 ], %r12
	addd,0,sm %r12, 1, %r12
	gettagd,2 %r12, %r13
	addd %r9, %r13, %r9
	addd %r10, %r12, %r10 ? ~%pred1
	subd %r8, 1, %r8
	cmpedb %r8, 0, %pred3
	ct %ctpr1 ? ~%pred3
	EQ %r9, 5
	EQ %r10, 597				! 199 * 3
	PASS
	.data
data:	.dword 2
!@ loop_carried tags=on cpu=v2,v6
	START					! a diagnostic value and predicate come into the next turn; the
					! first time before the loop is hot
	addd 0, 200, %r8
	addd 0, 0, %r9
	addd 0, 0, %r10
	addd 0, 0, %r11
	addd 0, 0, %r13
	addd 0, 0, %r14
	addd 0, data, %r20
	cmpedb 0, 1, %pred4
	disp %ctpr1, loop
loop:	gettagd,2 %r11, %r13			! of the turn before
	addd,0,sm 0, 1, %r12 ? %pred4
	gettagd,2 %r12, %r14
	addd 0, 0, %r12
	addd %r9, %r13, %r9
	addd %r10, %r14, %r10
	cmpedb %r8, 50, %pred1
	cmpedb %r8, 190, %pred2
	addd 0, 8, %r21
	merged,1 %r20, %r21, %r22, %pred1
	merged,1 %r22, %r21, %r21, %pred2
	ldd,0,sm [ %r21 + 0 ], %r11
	cmpedb,0,sm %r11, 0, %pred4
	subd %r8, 1, %r8
	cmpedb %r8, 0, %pred3
	ct %ctpr1 ? ~%pred3
	EQ %r9, 10
	EQ %r10, 10
	PASS
	.data
data:	.dword 2
!@ loop_traps tags=on signal=SIGILL cpu=v2,v6
	START					! ... and is used there
	addd 0, 300, %r8
	addd 0, 0, %r11
	addd 0, data, %r20
	disp %ctpr1, loop
loop:	addd %r11, 1, %r12
	cmpedb %r8, 50, %pred1
	cmpedb %r8, 290, %pred2
	addd 0, 8, %r21
	merged,1 %r20, %r21, %r22, %pred1
	merged,1 %r22, %r21, %r21, %pred2
	ldd,0,sm [ %r21 + 0 ], %r11
	addd 0, 0, %r11 ? %pred2
	subd %r8, 1, %r8
	cmpedb %r8, 0, %pred3
	ct %ctpr1 ? ~%pred3
	PASS
	.data
data:	.dword 2
!@ loop_rotated tags=on cpu=v2,v6
	START					! through rotated registers, in steady turns of a counted loop
	setbn rsz=3, rbs=8, rcur=0
	addd 0, 0, %b[0]
	addd 0, 0, %b[2]
	addd 0, 0, %b[4]
	addd 0, 0, %b[6]
	addd 0, 0, %r9
	addd 0, 0, %r13
	addd 0, 0, %r8
	addd 0, data, %r30
	rwd,0 0x20000000c8, %lsr		! vlc, 200 turns
	disp %ctpr1, loop
loop:	gettagd,2 %b[4], %r13			! loaded two turns before
	addd 0, 8, %r31
	cmpedb %r8, 120, %pred1
	cmpedb %r8, 10, %pred2
	addd %r9, %r13, %r9
	merged,1 %r30, %r31, %r29, %pred1
	merged,1 %r29, %r31, %r31, %pred2
	ldd,0,sm [ %r31 + 0 ], %b[0]
	{ loop_mode
	  alc alcf=1, alct=1
	  abn abnf=1, abnt=1
	  addd,0 %r8, 1, %r8
	  ct %ctpr1 ? %NOT_LOOP_END }
	EQ %r8, 200
	EQ %r9, 10
	PASS
	.data
data:	.dword 2
