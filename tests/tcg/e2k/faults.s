! Programs that a signal ends
!@ illegal signal=SIGILL cpu=v2,v4,v6
	START
	.word 0x04000001, 0x5dc0c0c1
	PASS
!@ division_s signal=SIGFPE cpu=v2,v4
	START
	addd 0, 0, %r5
	addd 0, 7, %r6
	sdivs,5 %r6, %r5, %r6
	PASS
!@ division_d signal=SIGFPE cpu=v4,v6
	START
	addd 0, 0, %r5
	udivd,5 %r5, %r5, %r6
	PASS
!@ remainder signal=SIGFPE cpu=v2
	START
	addd 0, 0, %r5
	umodx,5 %r5, %r5, %r6
	PASS
!@ load signal=SIGSEGV cpu=v2,v4
	START
	ldd,0 [ 0 + 8 ], %r5
	PASS
!@ store signal=SIGSEGV cpu=v2,v4
	START
	addd 0, _start, %r8			! code
	std,2 %r8, [ %r8 + 0 ]
	PASS
!@ jump signal=SIGSEGV cpu=v2,v4
	START
	addd 0, 0x7000000000, %r8
	movtd,0 %r8, %ctpr1
	ct %ctpr1
	PASS
!@ unaligned_target signal=SIGILL cpu=v2,v4
	START
	addd 0, here + 4, %r8
	movtd,0 %r8, %ctpr1
	ct %ctpr1
here:	PASS
!@ unprepared signal=SIGILL cpu=v2,v4
	START
	ct %ctpr2
	PASS
!@ prepared_before_call signal=SIGILL cpu=v2,v4
	START
	disp %ctpr1, callee
	disp %ctpr2, away
	call %ctpr1, wbs=8
away:	PASS
callee:	setwd wsz=24, nfx=1
	ct %ctpr2
!@ window_read signal=SIGSEGV cpu=v2,v4
_start:	setwd wsz=8, nfx=1
	addd %r16, 0, %r5
	PASS
!@ window_write signal=SIGSEGV cpu=v2,v4
_start:	setwd wsz=8, nfx=1
	addd 0, 0, %r16
	PASS
!@ window_call signal=SIGSEGV cpu=v2,v4
_start:	setwd wsz=8, nfx=1
	disp %ctpr1, callee
	call %ctpr1, wbs=9
callee:	PASS
!@ window_rotated signal=SIGSEGV cpu=v2,v4
	START
	setbn rsz=3, rbs=4, rcur=0
	addd %b[8], 0, %r5
	PASS
!@ window_new
_start:	setwd wsz=8, nfx=1
	{ setwd wsz=16, nfx=1			! written already, not read
	  addd,0 0, 5, %r16 }
	EQ %r16, 5
	PASS
!@ below_parameters signal=SIGILL cpu=v2,v4
	START
	disp %ctpr1, callee
	call %ctpr1, wbs=24			! 16 registers are parameters
callee:	setwd wsz=7, nfx=1
	PASS
!@ array_unit signal=SIGILL cpu=v2,v4
	START
	disp %ctpr2, here
	{ bap }
here:	PASS
!@ newer signal=SIGILL cpu=v5 run=v4
	START
	addd 0, 1, %r5
	addcd %r5, %r5, %r5, %r6
	PASS
!@ newest signal=SIGILL cpu=v6 run=v5
	START
	addd 0, 1, %r5
	clmull %r5, %r5, %r6
	PASS
!@ older cpu=v2 run=v6
	START
	addd 0, 1, %r5
	PASS
!@ guarded_preparation signal=SIGILL cpu=v2,v6
	START
	addd 0, here, %r6
	cmpedb 0, 0, %pred0
	.word 0x04010011, 0x61c086d1, 0, 0x04e00000	! movtd %r6, %ctpr1 ? ~%pred0
here:	PASS
