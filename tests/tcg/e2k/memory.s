!@ sizes cpu=v2,v4,v6
	START
	addd 0, data, %r8
	ldb [ %r8 + 7 ], %r5
	EQ %r5, 0xff
	ldh [ %r8 + 6 ], %r5
	EQ %r5, 0xfffe
	ldw [ %r8 + 4 ], %r5
	EQ %r5, 0xfffe0405
	ldd [ %r8 + 1 ], %r5			! unaligned
	EQ %r5, 0x80fffe0405060708
	addd 0, -1, %r6
	stb %r6, [ %r8 + 17 ]
	sth %r6, [ %r8 + 19 ]
	stw %r6, [ %r8 + 22 ]
	ldd [ %r8 + 16 ], %r5
	EQ %r5, 0xffff00ffff00ff00
	ldd [ %r8 + 24 ], %r5
	EQ %r5, 0x000000000000ffff
	ldw [ %r8 + 0 ], %r5, mas=8		! big end first
	EQ %r5, 0x09080706
	PASS
	.data
data:	.dword 0xfffe040506070809, 0x80, 0, 0
!@ speculative cpu=v2,v4,v6
	START					! from nowhere: no fault, and nothing is stored there
	addd 0, 8, %r8
	addd 0, 1, %r5
	ldd,0,sm [ %r8 + 0 ], %r6
	ldb,0,sm [ %r8 + 0xffff800000000000 ], %r7
	std,2,sm %r5, [ %r8 + 0 ]
	EQ %r5, 1
	PASS
!@ conflict cpu=v2,v4,v6
	START					! a store between a load and its check
	addd 0, data, %r8
	addd 0, 42, %r6
	ldd,0,sm [ %r8 + 0 ], %r5, mas=4
	addd,0,sm %r5, 1, %r7
	std,2 %r6, [ %r8 + 0 ]
	{ ldd,2 [ %r8 + 0 ], %r5, mas=3
	  rbranch again }
	FAIL
again:	ldd [ %r8 + 0 ], %r5
	addd %r5, 1, %r7
	EQ %r7, 43
	PASS
	.data
data:	.dword 7
!@ atomic cpu=v2,v4,v6
	START
	addd 0, data, %r8
	addd 0, 1000, %r9
turn:
retry:	ldd,0 [ %r8 + 0 ], %r5, mas=7
	addd %r5, 3, %r5
	{ std,2 %r5, [ %r8 + 0 ], mas=2
	  rbranch retry }
	ldw,0 [ %r8 + 8 ], %r6, mas=7
	adds %r6, 1, %r6
	{ stw,2 %r6, [ %r8 + 8 ], mas=2
	  rbranch retry }
	subd %r9, 1, %r9
	cmpedb %r9, 0, %pred0
	ibranch turn ? ~%pred0
	ldd [ %r8 + 0 ], %r5
	EQ %r5, 3000
	ldd [ %r8 + 8 ], %r5
	EQ %r5, 0x5000003e7
	PASS
	.data
data:	.dword 0, 0x5ffffffff
