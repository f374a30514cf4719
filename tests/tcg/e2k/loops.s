.macro LSR pcnt, lcnt, ecnt, strmd	! with vlc
	addd 0, \lcnt | \ecnt << 32 | 1 << 37 | \pcnt << 48 | \strmd << 53, %r6
	rwd %r6, %lsr
.endm
.macro TOGETHER pcnt, lcnt, ecnt, want
	LSR \pcnt, \lcnt, \ecnt, 0
	addd 0, 0, %r5
	disp %ctpr1, loop\@
loop\@:	{ alc alcf=1, alct=1
	  addd,0 %r5, 1, %r5
	  ct %ctpr1 ? %NOT_LOOP_END }
	EQ %r5, \want
.endm
.macro EARLIER pcnt, lcnt, ecnt, want
	LSR \pcnt, \lcnt, \ecnt, 0
	addd 0, 0, %r5
	disp %ctpr1, loop\@
loop\@:	{ alc alcf=1, alct=1
	  addd,0 %r5, 1, %r5 }
	{ ct %ctpr1 ? %NOT_LOOP_END }
	EQ %r5, \want
.endm
! Turns with a store each, one 8 bytes behind the other, then their sum
.macro STORES pcnt, lcnt, ecnt, strmd, want
	addd 0, array, %r8
	addd 0, 0, %r9
	addd 0, 1, %r10
	addd 0, 0, %r11
clear\@:	std %r11, [ %r8 + %r9 ]
	addd %r9, 8, %r9
	cmpldb %r9, 256, %pred0
	ibranch clear\@ ? %pred0
	LSR \pcnt, \lcnt, \ecnt, \strmd
	addd 0, 0, %r9
	disp %ctpr1, loop\@
loop\@:	{ loop_mode
	  alc alcf=1, alct=1
	  std,2 %r10, [ %r8 + %r9 ]
	  addd,0 %r9, 8, %r9
	  ct %ctpr1 ? %NOT_LOOP_END }
	addd 0, 0, %r5
	addd 0, 0, %r9
sum\@:	ldd [ %r8 + %r9 ], %r7
	addd %r7, %r5, %r5
	addd %r9, 8, %r9
	cmpldb %r9, 256, %pred0
	ibranch sum\@ ? %pred0
	EQ %r5, \want
.endm
!@ counts cpu=v2,v4,v6
	START
	TOGETHER 0, 0, 0, 1
	TOGETHER 0, 1, 0, 1
	TOGETHER 0, 2, 0, 2
	TOGETHER 0, 3, 0, 3
	TOGETHER 4, 8, 0, 8
	TOGETHER 8, 2, 0, 2
	TOGETHER 4, 8, 2, 10
	TOGETHER 4, 0, 8, 9
	EARLIER 0, 0, 0, 1
	EARLIER 0, 1, 0, 1
	EARLIER 0, 2, 0, 1
	EARLIER 0, 3, 0, 2
	EARLIER 4, 8, 0, 7
	EARLIER 8, 2, 0, 1
	EARLIER 4, 8, 2, 9
	EARLIER 4, 0, 8, 8
	PASS
!@ stores cpu=v2,v4,v6
	START
	STORES 0, 5, 0, 0, 4			! the last turn's is held back
	STORES 0, 5, 0, 1, 5			! unless one is left over
	STORES 2, 5, 2, 0, 4			! two turns of prologue
	STORES 2, 5, 2, 1, 5
	STORES 0, 1, 0, 0, 0
	PASS
	.bss
array:	.skip 512
!@ left_over cpu=v2,v4
	START					! two stores in the last turn, one left over: the first
	addd 0, array, %r8
	addd 0, 1, %r10
	LSR 0, 1, 0, 1
	{ loop_mode
	  alc alcf=1, alct=1
	  std,2 %r10, [ %r8 + 0 ]
	  std,5 %r10, [ %r8 + 8 ] }
	ldd [ %r8 + 0 ], %r5
	EQ %r5, 1
	ldd [ %r8 + 8 ], %r5
	EQ %r5, 0
	rrd %lsr, %r5
	shrd %r5, 53, %r5
	andd %r5, 0x7f, %r5
	EQ %r5, 0
	PASS
	.bss
array:	.skip 16
!@ prologue cpu=v2,v4,v6
	START					! seven turns, two of them prologue
	LSR 2, 5, 2, 0
	addd 0, 0, %r7
	addd 0, 0, %r8
	disp %ctpr1, loop
	cmpedb 0, 1, %pred0
loop:	{ alc alcf=1, alct=1
	  addd,0 %r7, 1, %r7 ? %pcnt0
	  addd,1 %r8, 1, %r8 ? %pcnt1
	  ct %ctpr1 ? %NOT_LOOP_END }
	EQ %r7, 5
	EQ %r8, 6
	addd 0, 0, %r7				! a predicate ends a loop only behind the prologue
	LSR 3, 8, 0, 0
	disp %ctpr1, other
other:	{ alc alcf=1, alct=1
	  addd,0 %r7, 1, %r7
	  ct %ctpr1 ? %pred0 && %NOT_LOOP_END }
	EQ %r7, 4
	PASS
!@ pipeline cpu=v2,v4,v6
	START					! y[i] = 3 * x[i] + 1, four stages
	setbn rsz=7, rbs=8, rcur=0
	addd 0, x, %r8
	addd 0, y, %r9
	addd 0, 0, %r10
	addd 0, -24, %r11
	LSR 3, 16, 3, 1
	disp %ctpr1, loop
loop:	{ loop_mode
	  alc alcf=1, alct=1
	  abn abnf=1, abnt=1
	  ct %ctpr1 ? %NOT_LOOP_END
	  ldd,3,sm [ %r8 + %r10 ], %b[0]
	  shl_addd,1,sm %b[2], 1, %b[2], %b[1]
	  addd,0,sm %b[3], 1, %b[5]
	  std,5 %b[7], [ %r9 + %r11 ]
	  addd,2 %r10, 8, %r10
	  addd,4 %r11, 8, %r11 }
	addd 0, 0, %r5				! sum of (i + 1) * 3 * y[i]
	addd 0, 0, %r10
	addd 0, 0, %r11
sum:	ldd [ %r9 + %r10 ], %r12
	addd %r11, 1, %r11
	muld %r12, %r11, %r12
	addd %r5, %r12, %r5
	addd %r10, 8, %r10
	cmpldb %r11, 17, %pred0
	ibranch sum ? %pred0
	EQ %r5, 4624				! 3 * (1 + 4 + ... + 256) + 136, behind it 0
	PASS
	.data
x:	.dword 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 0, 0, 0, 0
y:	.dword 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
!@ arrays cpu=v2,v4,v6
	START					! both units: y[i] = x[i] + z[i]
	addd 0, x, %r8
	addd 0, y, %r9
	addd 0, z, %r10
	aaurwd,2 %r8, %aad0
	aaurwd,5 %r9, %aad1
	aaurwd,2 %r10, %aad2
	addd 0, 0, %r11
	aaurw,2 %r11, %aasti1
	ldisp %ctpr2, program
	LSR 0, 8, 0, 1
	{ bap
	  disp %ctpr1, loop }
loop:	{ movad,0 area=0, ind=0, am=1, be=0, %r12
	  movaw,2 area=0, ind=0, am=1, be=0, %r13 }
	addd %r12, %r13, %r14
	{ loop_mode
	  alc alcf=1, alct=1
	  ct %ctpr1 ? %NOT_LOOP_END
	  staad,2 %r14, %aad1 [ %aasti1 ]
	  incr,2 %aaincr0 }
	EQ %r14, 808	
	{ eap }
	ldd [ %r9 + 0 ], %r5
	EQ %r5, 101
	ldd [ %r9 + 24 ], %r5
	EQ %r5, 404
	ldd [ %r9 + 56 ], %r5
	EQ %r5, 808
	ldd [ %r9 + 64 ], %r5
	EQ %r5, 0
	PASS
	.balign 16
program:
	{ fapb ct=1, dcd=0, fmt=4, mrng=8, d=0, incr=0, ind=0, asz=1, abs=0, disp=0
	  fapb dpl=0, dcd=0, fmt=3, mrng=4, d=2, incr=0, ind=0, asz=1, abs=0, disp=0 }
	.data
	.balign 16
x:	.dword 1, 2, 3, 4, 5, 6, 7, 8
y:	.dword 0, 0, 0, 0, 0, 0, 0, 0, 0
z:	.word 100, 200, 300, 400, 500, 600, 700, 800
!@ array_steps cpu=v2,v4,v6
	START					! backwards by two, from an index, literal in the store
	addd 0, x, %r8
	addd 0, y, %r9
	aaurwd,2 %r8, %aad3
	aaurwd,2 %r9, %aad4
	addd 0, 48, %r10
	aaurw,2 %r10, %aaind2
	addd 0, -2, %r10
	aaurw,2 %r10, %aaincr3
	addd 0, 0, %r10
	aaurw,2 %r10, %aasti5
	ldisp %ctpr2, program
	{ bap }
	.rept 4
	{ movad,1 area=0, ind=8, am=1, be=0, %r12 }
	{ staaw,2 %r12, %aad4 [ %aasti5 + _f32s,_lts0 0x10 ]
	  incr,2 %aaincr0 }
	.endr
	{ eap }
	ldd [ %r9 + 16 ], %r5
	EQ %r5, 0x600000008
	ldd [ %r9 + 24 ], %r5
	EQ %r5, 0x200000004
	PASS
	.balign 16
program:
	{ fapb ct=1, dcd=0, fmt=4, mrng=8, d=3, incr=3, ind=2, asz=1, abs=0, disp=0
	  fapb dpl=0 }
	.data
	.balign 16
x:	.dword 1, 2, 3, 4, 5, 6, 7, 8
y:	.dword 0, 0, 0, 0, 0, 0
!@ array_from_nowhere tags=off cpu=v2,v4,v6
	START					! also in the lowest page: no fault
	addd 0, 0x40, %r8
	aaurwd,2 %r8, %aad1
	addd 0, 1, %r9
	aaurw,2 %r9, %aaincr1
	addd 0, 0, %r9
	aaurw,2 %r9, %aaind1
	ldisp %ctpr2, nowhere
	{ bap }
	{ movad,0 area=0, ind=0, am=1, be=0, %r10 }
	EQ %r10, 0xeaed0f70eaed0f70
	{ eap }
	PASS
	.align 8
nowhere: { fapb ct=1, dcd=0, fmt=4, mrng=8, d=1, incr=1, ind=1, asz=1, abs=0, disp=0
	  fapb dpl=0, dcd=0, fmt=0, mrng=0, d=0, incr=0, ind=0, asz=0, abs=0, disp=0 }
!@ halves_joined cpu=v2,v4
	START					! in a trace: a register read in two widths, written by x87
	addd 0, 0x3ff0000000000000, %r5		! 1.0
	addd 0, 0x3ff0000000000000, %r6
	addd 0, 0x4000000000000000, %r7
	fdtofx %r7, %r7				! 2.0
	addd 0, 0, %r9
	addd 0, 200, %r20
	addd 0, 0x3ff0000000000000, %r12
	disp %ctpr1, loop
loop:	adds %r5, 0, %r10
	addd %r9, %r5, %r9
	faddd %r6, %r12, %r6
	fxdivtdd,5 %r6, %r7, %r5
	fmuld %r5, %r5, %r11
	subd %r20, 1, %r20
	cmpedb %r20, 0, %pred1
	ct %ctpr1 ? ~%pred1
	EQ %r9, 0x3428800000000000
	PASS
