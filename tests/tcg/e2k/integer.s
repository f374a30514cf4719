!@ arithmetic cpu=v2,v4,v6
	START
	OP2 adds, 0x7fffffff, 1, 0x80000000
	OP2 adds, 0xffffffff, 1, 0
	OP2 addd, -1, 1, 0
	OP2 addd, 0x7fffffffffffffff, 1, 0x8000000000000000
	OP2 subs, 0, 1, 0xffffffff
	OP2 subd, 0, 1, -1
	OP2 subd, 0x8000000000000000, 1, 0x7fffffffffffffff
	OP2 ands, 0xf0f0f0f0f0f0f0f0, 0xff00ff00ff00ff00, 0xf000f000
	OP2 andd, 0xf0f0f0f0f0f0f0f0, 0xff00ff00ff00ff00, 0xf000f000f000f000
	OP2 andns, 0xf0f0f0f0, 0xff00ff00, 0x00f000f0
	OP2 andnd, -1, 0xff, 0xffffffffffffff00
	OP2 ors, 0xf0, 0x0f, 0xff
	OP2 ornd, 0, 0xff, 0xffffffffffffff00
	OP2 xord, -1, 0x5555555555555555, 0xaaaaaaaaaaaaaaaa
	OP2 xornd, 0x1234, 0x1234, -1
	OP2 xorns, 0, 0xffff, 0xffff0000
	PASS
!@ shifts cpu=v2,v4,v6
	START
	OP2 shls, 1, 31, 0x80000000
	OP2 shls, 1, 32, 1
	OP2 shls, 1, 33, 2
	OP2 shld, 1, 63, 0x8000000000000000
	OP2 shld, 1, 64, 1
	OP2 shld, 3, 65, 6
	OP2 shrs, 0xffffffff80000000, 31, 1
	OP2 shrd, 0x8000000000000000, 63, 1
	OP2 shrd, 2, 65, 1
	OP2 sars, 0x80000000, 31, 0xffffffff
	OP2 sars, 0x80000000, 32, 0x80000000
	OP2 sard, 0x8000000000000000, 63, -1
	OP2 sard, 0x4000000000000000, 62, 1
	OP2 scls, 0x80000001, 1, 3
	OP2 scls, 0x80000001, 32, 0x80000001
	OP2 scrs, 1, 1, 0x80000000
	OP2 scld, 0x8000000000000001, 4, 0x18
	OP2 scrd, 1, 1, 0x8000000000000000
	OP2 scrd, 0x1234, 64, 0x1234
	PASS
!@ fields cpu=v2,v4,v5,v6
	START
	OP2 sxt, 0, 0x80, 0xffffffffffffff80
	OP2 sxt, 0, 0x17f, 0x7f
	OP2 sxt, 1, 0x8000, 0xffffffffffff8000
	OP2 sxt, 2, 0x80000000, 0xffffffff80000000
	OP2 sxt, 3, 0x1ffffffff, -1
	OP2 sxt, 4, 0xff80, 0x80
	OP2 sxt, 5, 0x18000, 0x8000
	OP2 sxt, 6, 0x1ffffffff, 0xffffffff
	OP2 getfd, 0x123456789abcdef0, 0x0408, 0xbcde		! 16 bits from bit 8
	OP2 getfd, 0x123456789abcdef0, 0x5408, 0xffffffffffffbcde
	OP2 getfd, 0x123456789abcdef0, 0x0008, 0		! no bits
	OP2 getfd, 0x123456789abcdef0, 0x023c, 1		! 8 bits from bit 60: round the end
	OP2 getfs, 0x89abcdef, 0x0204, 0xde
	OP2 getfs, 0x89abcdef, 0x3204, 0xffffffde
	OP3 insfd, 0x123456789abcdef0, 0x208, 0xff, 0xf0123456789abcff
	OP3 insfs, 0x12345678, 0x208, 0xaa, 0x781234aa
	OP1 bitrevd, 1, 0x8000000000000000
	OP1 bitrevs, 0x12, 0x48000000
	OP1 lzcntd, 0, 64
	OP1 lzcntd, 1, 63
	OP1 lzcnts, 0, 32
	OP1 lzcnts, 0xf00000001, 31
	OP1 popcntd, -1, 64
	OP1 popcnts, 0xf0f0f0f0f0, 16
	PASS
!@ getf_sign_byte cpu=v2,v4
	START					! the sign is in the byte that [15:13] names
	OP2 getfd, 0x808080, 0x1800, 0xffffffff00808080
	OP2 getfd, 0x808080, 0x5800, 0xffffffff00808080
	OP2 getfd, 0x808080, 0x7800, 0x00808080
	PASS
!@ getf_sign_top cpu=v5,v6
	START					! the sign is the field's own
	OP2 getfd, 0x808080, 0x1800, 0x808080
	OP2 getfd, 0x010101, 0x1801, 0x8080
	OP2 getfd, 0x80808080, 0x1800, 0xffffffff80808080
	PASS
!@ multiply cpu=v2,v4,v6
	START
	OP2 muls, 0xffffffff, 0xffffffff, 1
	OP2 muls, 0x10000, 0x10000, 0
	OP2 muld, -3, 7, -21
	OP2 umulx, 0xffffffff, 0xffffffff, 0xfffffffe00000001
	OP2 smulx, 0xffffffff, 0xffffffff, 1
	OP2 smulx, 0x80000000, 2, 0xffffffff00000000
	PASS
!@ multiply_high cpu=v3,v4,v6
	START
	OP2 umulhd, -1, -1, 0xfffffffffffffffe
	OP2 smulhd, -1, -1, 0
	OP2 smulhd, 0x8000000000000000, 2, -1
	OP2 umulhd, 0x8000000000000000, 2, 1
	PASS
!@ divide cpu=v2,v4,v6
	START
	OP2 sdivs, -7, 2, 0xfffffffd
	OP2 sdivs, 7, 0xfffffffe, 0xfffffffd
	OP2 sdivs, 0x80000000, 0xffffffff, 0x80000000
	OP2 udivs, 0xffffffff, 2, 0x7fffffff
	OP2 sdivd, -7, 2, -3
	OP2 sdivd, 0x8000000000000000, -1, 0x8000000000000000
	OP2 udivd, -1, 2, 0x7fffffffffffffff
	OP2 udivx, 0x100000000, 2, 0x80000000
	OP2 umodx, 0x100000003, 0x10, 3
	OP2 sdivx, -9, 2, 0xfffffffc
	OP2 smodx, -9, 2, 0xffffffff
	addd 0, 5, %r5				! speculatively by zero: no fault
	addd 0, 0, %r6
	sdivs,5,sm %r5, %r6, %empty
	PASS
!@ combined cpu=v2,v4,v6
	START
	OP3 and_addd, 0xff, 0x0f, 1, 0x10
	OP3 add_xord, 1, 2, 0xf, 0xc
	OP3 add_subd, 3, 4, 10, 3		! s3 - (s1 + s2)
	OP3 add_rsubd, 3, 4, 10, -3		! (s1 + s2) - s3
	OP3 sub_subd, 3, 4, 10, 11
	OP3 shl_addd, 3, 4, 1, 0x31
	OP3 shl_addd, 3, 68, 1, 0x31
	OP3 shr_addd, 0x8000000000000000, 63, 1, 2
	OP3 sar_ord, 0x8000000000000000, 4, 5, 0xf800000000000005
	OP3 scl_subd, 0x8000000000000000, 1, 10, 9
	OP3 xor_andd, 0xff, 0x0f, 0x3c, 0x30
	OP3 shl_adds, 0xffffffff, 31, 1, 0x80000001
	OP3 add_subs, 0xffffffff, 1, 1, 1
	PASS
!@ carry cpu=v5,v6
	START
	OP3 addcd, -1, 0, 1, 0
	OP3 addcd_c, -1, 0, 1, 1
	OP3 addcd_c, 0, -1, 1, 1
	OP3 addcd_c, -1, -1, 0, 1
	OP3 addcd_c, 0x7fffffffffffffff, 0, 1, 0
	OP3 subcd, 0, 0, 1, -1
	OP3 subcd_c, 0, 0, 1, 1
	OP3 subcd_c, 0, -1, 1, 1
	OP3 subcd_c, 1, 0, 1, 0
	OP3 plog_mjr, 0xf0, 0xcc, 0xaa, 0xe8
	OP3 plog_xor, 0xf0, 0xcc, 0xaa, 0x96
	PASS
!@ carryless cpu=v6
	START
	OP2 clmull, 3, 3, 5
	OP2 clmulh, 0x8000000000000000, 0x8000000000000000, 0x4000000000000000
	PASS
!@ upper_half cpu=v2,v4,v6
	START					! a 32-bit result leaves bits 63:32
	addd 0, -1, %r5
	adds 0, 1, %r5
	EQ %r5, 0xffffffff00000001
	PASS
!@ upper_half_dbl cpu=v3,v4,v6
_start:	setwd wsz=32, nfx=1, dbl=1		! or clears them
	addd 0, -1, %r5
	adds 0, 1, %r5
	EQ %r5, 1
	PASS
!@ literals cpu=v2,v4,v6
	START
	addd 0, 15, %r5
	EQ %r5, 0xf
	addd 0, 16, %r5
	EQ %r5, 0x10
	addd 0, -1, %r5
	EQ %r5, 0xffffffffffffffff
	addd 0, _f16s 0x8000, %r5
	EQ %r5, 0xffffffffffff8000
	addd 0, _f16s,_lts0lo 0x7fff, %r5
	EQ %r5, 0x7fff
	addd 0, _f16s,_lts1hi 0xfffe, %r5
	EQ %r5, -2
	addd 0, _f32s,_lts2 0x12345678, %r5
	EQ %r5, 0x12345678
	addd 0, _f32s,_lts3 0xfedcba98, %r5
	EQ %r5, 0xfffffffffedcba98
	addd 0, _f32s,_lts0 0x80000000, %r5
	EQ %r5, 0xffffffff80000000
	addd 0, _f64,_lts0 0x1122334455667788, %r5
	EQ %r5, 0x1122334455667788
	addd 0, _f64,_lts1 0x1122334455667788, %r5
	EQ %r5, 0x1122334455667788
	addd 0, _f64,_lts2 0x8877665544332211, %r5
	EQ %r5, 0x8877665544332211
	{ addd,0 0, 0x1111, %r5			! six in one instruction
	  addd,1 0, 0x2222, %r6
	  addd,2 0, -0x3333, %r7
	  addd,3 0, _f32s,_lts2 0x44444444, %r8
	  addd,4 0, _f32s,_lts3 0xaaaaaaab, %r9
	  addd,5 0, 0x1111, %r10 }
	EQ %r5, 0x1111
	EQ %r6, 0x2222
	EQ %r7, 0xffffffffffffcccd
	EQ %r8, 0x44444444
	EQ %r9, 0xffffffffaaaaaaab
	EQ %r10, 0x1111
	{ addd,0 0, 0x0123456789abcdef, %r5
	  addd,1 0, 0xfedcba9876543210, %r6 }
	EQ %r5, 0x0123456789abcdef
	EQ %r6, 0xfedcba9876543210
	addd 31, 0, %r5				! small ones of the first source
	EQ %r5, 31
	PASS
!@ swap cpu=v2,v4
	START					! all read before any writes; the last channel wins
	addd 0, 1, %r5
	addd 0, 2, %r6
	{ addd,0 0, %r6, %r5
	  addd,1 0, %r5, %r6 }
	EQ %r5, 2
	EQ %r6, 1
	{ addd,0 0, 3, %r7
	  addd,4 0, 4, %r7 }
	EQ %r7, 4
	PASS
