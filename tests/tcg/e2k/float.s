! PFPFR: 0x1f80 masks all, rounding in bits 14:13 (1 down, 2 up, 3 to zero), 0x8000 flushes to zero
.macro PFPFR value
	addd 0, \value, %r5
	rws %r5, %pfpfr
.endm
.macro FPCR value
	addd 0, \value, %r5
	rws %r5, %fpcr
.endm
!@ rounding cpu=v2,v4,v6
	START
	PFPFR 0x1f80
	OP2 faddd, 0x3ff0000000000000, 0x3c30000000000000, 0x3ff0000000000000
	OP2 fdivd, 0x3ff0000000000000, 0x4008000000000000, 0x3fd5555555555555
	OP1 fdtois, 0x4004000000000000, 2			! 2.5
	OP1 fdtois, 0x400c000000000000, 4			! 3.5
	OP1 istofs, 16777217, 0x4b800000
	PFPFR 0x3f80
	OP2 faddd, 0x3ff0000000000000, 0x3c30000000000000, 0x3ff0000000000000
	OP2 fsubd, 0xbff0000000000000, 0x3c30000000000000, 0xbff0000000000001
	OP1 fdtois, 0xc004000000000000, 0xfffffffd
	PFPFR 0x5f80
	OP2 faddd, 0x3ff0000000000000, 0x3c30000000000000, 0x3ff0000000000001
	OP2 fadds, 0x3f800000, 0x30800000, 0x3f800001
	OP2 fdivd, 0x3ff0000000000000, 0x4008000000000000, 0x3fd5555555555556
	OP1 fdtois, 0x4004000000000000, 3
	OP1 istofs, 16777217, 0x4b800001
	PFPFR 0x7f80
	OP2 fsubd, 0xbff0000000000000, 0x3c30000000000000, 0xbff0000000000000
	OP2 fsubd, 0x3ff0000000000000, 0x3c30000000000000, 0x3fefffffffffffff
	OP1 fdtois, 0xc00c000000000000, 0xfffffffd
	PASS
!@ flags cpu=v2,v4
	START
	PFPFR 0x1f80
	OP2 faddd, 0x3ff0000000000000, 0x3ff0000000000000, 0x4000000000000000
	rrs %pfpfr, %r6
	andd %r6, 0x3f, %r6
	EQ %r6, 0
	OP2 fdivd, 0x3ff0000000000000, 0x4008000000000000, 0x3fd5555555555555
	rrs %pfpfr, %r6
	andd %r6, 0x3f, %r6
	EQ %r6, 0x20				! inexact
	OP2 fdivd, 0x3ff0000000000000, 0, 0x7ff0000000000000
	rrs %pfpfr, %r6
	andd %r6, 0x3f, %r6
	EQ %r6, 0x24				! and divided by zero
	PASS
!@ not_a_number cpu=v2,v4,v6
	START
	PFPFR 0x1f80
	OP2 fdivd, 0, 0, 0xfff8000000000000
	OP2 fdivs, 0, 0, 0xffc00000
	OP2 fsubd, 0x7ff0000000000000, 0x7ff0000000000000, 0xfff8000000000000
	OP2 faddd, 0x7ff0000000000001, 0x3ff0000000000000, 0x7ff8000000000001
	OP2 fmaxd, 0x7ff8000000000000, 0x3ff0000000000000, 0x3ff0000000000000
	OP2 fmind, 0x3ff0000000000000, 0x7ff8000000000000, 0x7ff8000000000000
	OP2 fmind, 0x8000000000000000, 0, 0
	OP1 fsqrts, 0xbf800000, 0xffc00000
	OP1 fdtoistr, 0x7ff8000000000000, 0x80000000
	OP1 fdtoistr, 0x4202a05f20000000, 0x80000000		! 1e10
	OP1 fdtoid, 0x7ff0000000000000, 0x8000000000000000
	CMP fcmpeqdb, 0x7ff8000000000000, 0x7ff8000000000000, 0
	CMP fcmpneqdb, 0x7ff8000000000000, 0, 1
	CMP fcmpltdb, 0x7ff8000000000000, 0, 0
	CMP fcmpnltdb, 0x7ff8000000000000, 0, 1
	CMP fcmpuoddb, 0x7ff8000000000000, 0, 1
	CMP fcmpoddb, 0x7ff8000000000000, 0, 0
	CMP fcmpeqdb, 0x8000000000000000, 0, 1			! -0 = 0
	CMP fcmpltdb, 0xbff0000000000000, 0, 1
	CMP fcmpledb, 0, 0, 1
	PASS
!@ convert cpu=v2,v4,v6
	START
	PFPFR 0x1f80
	OP1 fdtoistr, 0xbff8000000000000, 0xffffffff		! -1.5
	OP1 fdtoidtr, 0x43e0000000000000, 0x8000000000000000	! 2^63
	OP1 fdtoidtr, 0xc3e0000000000000, 0x8000000000000000
	OP1 fdtofs, 0x3ff8000000000000, 0x3fc00000
	OP1 fdtofs, 0x47f0000000000000, 0x7f800000		! 2^128
	OP1 fstofd, 0x00000001, 0x36a0000000000000		! 2^-149
	OP1 idtofd, -1, 0xbff0000000000000
	OP1 istofs, 0xffffffff, 0xbf800000
	OP1 fsqrts, 0x40800000, 0x40000000
	addd 0, 0x4000000000000000, %r5			! sqrt 2 in two steps
	fsqrtid,5 %r5, %r6
	fsqrttd,5 %r5, %r6, %r7
	EQ %r7, 0x3ff6a09e667f3bcd
	PASS
!@ integral cpu=v3,v4,v6
	START
	OP2 fdtoifd, 0, 0x4004000000000000, 0x4000000000000000
	OP2 fdtoifd, 1, 0xbff8000000000000, 0xc000000000000000
	OP2 fdtoifd, 2, 0x3ff8000000000000, 0x4000000000000000
	OP2 fdtoifd, 3, 0xbff8000000000000, 0xbff0000000000000
	OP2 fdtoifd, 1, 0x8000000000000000, 0x8000000000000000
	PASS
!@ tiny cpu=v2,v4,v6
	START
	PFPFR 0x1f80
	OP2 fmuld, 0x0010000000000000, 0x3fe0000000000000, 0x0008000000000000
	OP2 fmuls, 0x00800000, 0x3f000000, 0x00400000
	PFPFR 0x9f80
	OP2 fmuld, 0x0010000000000000, 0x3fe0000000000000, 0
	PASS
!@ combined cpu=v2,v4,v6
	START					! two roundings
	OP3 fmul_addd, 0x3ff0000000000001, 0x3ff0000000000001, 0xbff0000000000002, 0
	OP3 fmul_subd, 0x4000000000000000, 0x4000000000000000, 0x3ff0000000000000, 0xc008000000000000
	OP3 fmul_rsubd, 0x4000000000000000, 0x4000000000000000, 0x3ff0000000000000, 0x4008000000000000
	PASS
!@ fused cpu=v6
	START					! one rounding
	OP3 fmad, 0x3ff0000000000001, 0x3ff0000000000001, 0xbff0000000000002, 0x3970000000000000
	OP3 fmas, 0x3f800001, 0x3f800001, 0xbf800002, 0x28800000
	PASS
!@ scale cpu=v4,v6
	START
	OP2 fscaled, 0x3ff0000000000000, 3, 0x4020000000000000
	OP2 fscaled, 0x3ff0000000000000, 0xffffffff, 0x3fe0000000000000
	PASS
!@ unmasked signal=SIGFPE cpu=v2,v4
	START
	PFPFR 0x1d80				! divided by zero
	OP2 fdivd, 0x3ff0000000000000, 0, 0
	PASS
!@ extended cpu=v2,v4,v6
_start:	setwd wsz=32, nfx=0
	addd 0, 0x3ff0000000000000, %r8
	addd 0, 0x3c30000000000000, %r9
	fdtofx %r8, %r10
	movfi %r10, %r11
	sxt 6, %r11, %r11
	EQ %r11, 0x3fff
	fxadddx %r10, %r9, %r12			! 1 + 2^-60: 64 bits hold it
	fxsubdx %r12, %r8, %r12
	fxtofd %r12, %r13
	EQ %r13, 0x3c30000000000000
	addd 0, 0x8000000000000000, %r14
	addd 0, 0x4000, %r15
	movif %r14, %r15, %r16			! 2.0
	fxtofd %r16, %r13
	EQ %r13, 0x4000000000000000
	fxdivdx,5 %r10, %r8, %r17
	fxtofd %r17, %r13
	EQ %r13, 0x3ff0000000000000
	fxcmpltxb %r10, %r16, %pred0
	TRUE %pred0
	fxcmpeqxb %r10, %r16, %pred0
	FALSE %pred0
	FPCR 0x27f				! 53 bits do not
	fdtofx %r8, %r10
	fxadddx %r10, %r9, %r12
	fxsubdx %r12, %r8, %r12
	fxtofd %r12, %r13
	EQ %r13, 0
	FPCR 0xb7f				! 64 bits, upwards
	addd 0, 0x3000000000000000, %r9
	fxadddx %r10, %r9, %r12
	fxsubdx %r12, %r8, %r12
	fxtofd %r12, %r13
	EQ %r13, 0x3c00000000000000		! 2^-63
	PASS
