/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Included by ir_test.c: name, builder, text as built, text after the passes.
 * IR_TEST_PRINT=1 prints it anew.
 */
{ "fold", build_fold,
  " mov T1, $0x28\n"
  " add T2, T1, $0x2\n"
  " mul T2, T2, T1\n"
  " mov ra, T2\n"
  " exit 2\n",
  " mov ra, $0x690\n"
  " exit 2\n" },
{ "copies", build_copies,
  " add T1, ra, rb\n"
  " mov ra, T1\n"
  " mov T2, T1\n"
  " add rb, T2, T2\n"
  " add ra, ra, $0x1\n"
  " mov rc, T1\n"
  " exit 2\n",
  " add T1, ra, rb\n"
  " mov ra, T1\n"
  " add rb, ra, ra\n"
  " add ra, ra, $0x1\n"
  " mov rc, T1\n"
  " exit 2\n" },
{ "identities", build_identities,
  " add T1, ra, $0x0\n"
  " or T1, T1, $0x0\n"
  " and T1, T1, $0xffffffffffffffff\n"
  " mul T1, T1, $0x8\n"
  " sub T1, T1, $0x5\n"
  " mov ra, T1\n"
  " xor rb, rb, rb\n"
  " sub rc, rc, rc\n"
  " exit 2\n",
  " shl T1, ra, $0x3\n"
  " add T1, T1, $0xfffffffffffffffb\n"
  " mov ra, T1\n"
  " mov rb, $0x0\n"
  " mov rc, $0x0\n"
  " exit 2\n" },
{ "known_bits", build_known_bits,
  " trunc t2, ra\n"
  " zext T1, t2\n"
  " ext32u T3, T1\n"
  " mov rb, T3\n"
  " trunc t2, rb\n"
  " add t2, t2, $0x1\n"
  " zext rc, t2\n"
  " exit 2\n",
  " ext32u T1, ra\n"
  " mov rb, T1\n"
  " trunc t2, ra\n"
  " add t2, t2, $0x1\n"
  " zext rc, t2\n"
  " exit 2\n" },
{ "branch", build_branch,
  " setcond t1, ra, rb, ltu\n"
  " brcond t1, $0x0, eq, L0\n"
  " and T2, ra, $0x40\n"
  " setcond t1, T2, $0x0, ne\n"
  " mov w0, t1\n"
  " label L0\n"
  " exit 2\n",
  " brcond ra, rb, geu, L0\n"
  " setcond t1, ra, $0x40, tstne\n"
  " mov w0, t1\n"
  " label L0\n"
  " exit 2\n" },
{ "dead_flags", build_dead_flags,
  " ---- 0000000000000001 0000000000000000\n"
  " sub rc, ra, rb\n"
  " ---- 0000000000000002 0000000000000000\n"
  " add rc, ra, rb\n"
  " ---- 0000000000000003 0000000000000000\n"
  " gst ra, rb, 64.1\n"
  " xor rc, ra, rb\n"
  " exit 0\n",
  " ---- 0000000000000001 0000000000000000\n"
  " ---- 0000000000000002 0000000000000000\n"
  " add rc, ra, rb\n"
  " ---- 0000000000000003 0000000000000000\n"
  " gst ra, rb, 64.1\n"
  " xor rc, ra, rb\n"
  " exit 0\n" },
{ "dead_fp", build_dead_fp,
  " addsd d1, d0, d0\n"
  " ld v2, env, 512, 128\n"
  " paddb v2, v2, v2\n"
  " exit 2\n",
  " addsd d1, d0, d0\n"
  " exit 2\n" },
{ "slots", build_slots,
  " ld v1, env, 512, 128\n"
  " paddb v1, v1, v1\n"
  " st v1, env, 512, 128\n"
  " ld v2, env, 512, 128\n"
  " pxor v2, v2, v1\n"
  " st v2, env, 528, 128\n"
  " ld T3, env, 512, 64\n"
  " mov ra, T3\n"
  " exit 2\n",
  " ld v1, env, 512, 128\n"
  " paddb v1, v1, v1\n"
  " st v1, env, 512, 128\n"
  " pxor v2, v1, v1\n"
  " st v2, env, 528, 128\n"
  " vlow64 T3, v1\n"
  " mov ra, T3\n"
  " exit 2\n" },
{ "lane_slots", build_lane_slots,
  " ld v1, env, 512, 128\n"
  " ld d3, env, 512, 64\n"
  " addsd d3, d3, d3\n"
  " st d3, env, 512, 64\n"
  " ld v2, env, 512, 128\n"
  " st v2, env, 528, 128\n"
  " ld T4, env, 520, 64\n"
  " st d3, env, 536, 64\n"
  " ld v1, env, 528, 128\n"
  " st v1, env, 544, 128\n"
  " ld f5, env, 512, 32\n"
  " st f5, env, 560, 32\n"
  " mov ra, T4\n"
  " exit 2\n",
  " ld v1, env, 512, 128\n"
  " vlow_f64 d3, v1\n"
  " addsd d3, d3, d3\n"
  " st d3, env, 512, 64\n"
  " vins_f64 v2, v1, d3\n"
  " st v2, env, 528, 128\n"
  " ld T4, env, 520, 64\n"
  " st d3, env, 536, 64\n"
  " ld v1, env, 528, 128\n"
  " st v1, env, 544, 128\n"
  " vlow_f32 f5, v2\n"
  " st f5, env, 560, 32\n"
  " mov ra, T4\n"
  " exit 2\n" },
{ "dead_slots", build_dead_slots,
  " ld v1, env, 512, 128\n"
  " addps v1, v1, v1\n"
  " st v1, env, 512, 128\n"
  " ld v2, env, 512, 128\n"
  " mulps v2, v2, v1\n"
  " st v2, env, 512, 128\n"
  " gld T3, ra, 64\n"
  " st T3, env, 512, 64\n"
  " ld v2, env, 512, 128\n"
  " st v1, env, 512, 128\n"
  " st v2, env, 528, 128\n"
  " exit 2\n",
  " ld v1, env, 512, 128\n"
  " addps v1, v1, v1\n"
  " mulps v2, v1, v1\n"
  " st v2, env, 512, 128\n"
  " gld T3, ra, 64\n"
  " st T3, env, 512, 64\n"
  " ld v2, env, 512, 128\n"
  " st v1, env, 512, 128\n"
  " st v2, env, 528, 128\n"
  " exit 2\n" },
{ "addresses", build_addresses,
  " add T1, ra, $0x10\n"
  " gld T3, T1, 64\n"
  " add T2, T1, $0x8\n"
  " gst T3, T2, 32\n"
  " add ra, ra, $0x1\n"
  " gst T3, T1, 8\n"
  " gst T3, T2, 64a\n"
  " exit 2\n",
  " add T1, ra, $0x10\n"
  " gld T3, ra, 64, +16\n"
  " add T2, T1, $0x8\n"
  " gst T3, ra, 32, +24\n"
  " add ra, ra, $0x1\n"
  " gst T3, T1, 8\n"
  " gst T3, T2, 64a\n"
  " exit 2\n" },
{ "calls", build_calls,
  " call pure, T1, ra\n"
  " mov ra, $0x5\n"
  " call quiet, ra\n"
  " mov rb, ra\n"
  " call touch\n"
  " mov rc, ra\n"
  " exit 2\n",
  " mov ra, $0x5\n"
  " call quiet, $0x5\n"
  " mov rb, $0x5\n"
  " call touch\n"
  " mov rc, ra\n"
  " exit 2\n" },
{ "unreachable", build_unreachable,
  " brcond ra, $0x0, geu, L0\n"
  " mov ra, $0x1\n"
  " label L0\n"
  " mov rb, $0x1\n"
  " exit 2\n",
  " br L0\n"
  " label L0\n"
  " mov rb, $0x1\n"
  " exit 2\n" },
{ "loop", build_loop,
  " mov T1, $0x4\n"
  " label L0\n"
  " add ra, ra, T1\n"
  " sub T1, T1, $0x1\n"
  " brcond T1, $0x0, ne, L0\n"
  " exit 2\n",
  " mov T1, $0x4\n"
  " label L0\n"
  " add ra, ra, T1\n"
  " add T1, T1, $0xffffffffffffffff\n"
  " brcond T1, $0x0, ne, L0\n"
  " exit 2\n" },
{ "types", build_types,
  " gld T1, ra, 64\n"
  " st T1, env, 512, 64\n"
  " ld T2, env, 528, 64\n"
  " movcond T3, rb, rc, T1, T2, ne\n"
  " fmov_from_int d4, T3\n"
  " addsd d5, d4, d4\n"
  " fmov_to_int T1, d5\n"
  " gst T1, rb, 64\n"
  " gld T6, rb, 64\n"
  " fmov_from_int d4, T6\n"
  " addsd d0, d4, d4\n"
  " add rc, rc, T6\n"
  " exit 2\n",
  " gld d1, ra, 64\n"
  " st d1, env, 512, 64\n"
  " ld d2, env, 528, 64\n"
  " movcond d3, rb, rc, d1, d2, ne\n"
  " addsd d5, d3, d3\n"
  " gst d5, rb, 64\n"
  " gld T6, rb, 64\n"
  " fmov_from_int d4, T6\n"
  " addsd d0, d4, d4\n"
  " add rc, rc, T6\n"
  " exit 2\n" },
