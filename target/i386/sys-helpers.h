/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System instructions as functions that generated code calls; the list is sys-helpers.def.
 *
 * Before the call: cc_op is stored (x86_sync(s, false)). Faults find eip through the return
 * address, so eip need not be stored. All checks that the instruction has (CPL, IOPL, mode, UMIP,
 * CR4 bits, CPUID feature) are done by the helper unless said "checked before" below.
 *
 * [J] sets env->eip, segments, hflags: end the block with an exit that asks get_tb_key again
 *     (ir_goto_ptr(.., false) or a plain exit); store nothing to eip afterwards.
 * [E] changes hflags, paging or the interrupt state: store the next eip and end the block that way.
 * [F] leaves the arithmetic flags in cc_src with cc_op = CC_OP_FLAGS (both stored in env).
 *
 * raise(vector)                    fault at this instruction, no error code
 * raise_err(vector, error_code)
 * int_n(n, next_eip)               INT n: DPL and vm86 IOPL/VME checks included
 * int3(next_eip), icebp(next_eip)  INT3, INT1
 * into(next_eip)                   returns if OF is clear
 * bound(addr, index, osize)        osize 2 or 4, index sign-extended; returns if within
 * single_step()                    #DB with DR6.BS; env->eip is already the next instruction's
 * load_seg(seg, selector)          mov/pop/lds. [E] if seg is SS (shadow: see set_inhibit) or any
 *                                  load that may change ADDSEG/SS32; never CS (checked before)
 * far_jmp(sel, offset, osize, next_eip)        [J]
 * far_call(sel, offset, osize, next_eip)       [J] osize 2, 4, 8: what is pushed
 * far_ret(osize, extra_bytes)      [J]
 * iret(osize, next_eip)            [J] [F]
 * sysenter() sysexit(osize) syscall(next_eip) sysret(osize)    [J]; osize 8 with REX.W, else 4.
 *                                  sysret is [F]. User programs: syscall leaves to the run loop
 * swapgs()                         CPL checked here; only in 64-bit mode (checked before)
 * check_fsgsbase()                 #UD unless CR4.FSGSBASE; reads of segs[].base may be inline
 * wrsegbase(seg, value)            wrfsbase/wrgsbase; value already zero-extended for osize 4
 * lldt(sel) ltr(sel)               lldt(sel) of 0 is fine
 * sldt() str() smsw()              UMIP checked here; whole register value
 * load_dtr(addr, which, osize)     which 0 GDTR, 1 IDTR; osize 2, 4, 8. lgdt, lidt
 * store_dtr(addr, which, osize)    sgdt, sidt
 * lar(sel, old) lsl(sel, old)      [F] the result, or old when not accessible; ZF says which
 * verr(sel) verw(sel)              [F]
 * read_cr(n)                       n 0, 2, 3, 4, 8; others #UD
 * write_cr(n, value)               [E] 32-bit operands zero-extended
 * read_dr(n) write_dr(n, value)    write: [E]
 * lmsw(value) clts()               [E]
 * invlpg(addr)                     [E]. addr: linear
 * invpcid(type, addr)              [E]. addr: linear address of the descriptor
 * stac() clac()                    [E] (MMU mode)
 * xgetbv() xsetbv()                ECX, EDX:EAX; xsetbv [E]
 * rdmsr() wrmsr()                  ECX, EDX:EAX; wrmsr [E]
 * rdtsc() rdtscp() rdpmc() cpuid() registers written as the instruction does
 * rdpid()                          TSC_AUX
 * rdrand(osize) rdseed(osize)      [F] CF says whether the value is good; 2, 4, 8
 * vmcall()                         vmcall/vmmcall: Hyper-V hypercall or #UD; [E]
 * cli() sti()                      [E]; sti sets HF_INHIBIT_IRQ if IF was clear
 * set_inhibit()                    after mov ss/pop ss: HF_INHIBIT_IRQ; [E]
 * reset_inhibit()                  at the end of the instruction after it, if the block's flags had
 *                                  HF_INHIBIT_IRQ; the block then is that one instruction
 * pushf(osize)                     value to push, vm86 checks included; osize as for iret
 * popf(value, osize)               [E] [F]
 * hlt(next_eip) mwait(next_eip)    leave to the run loop
 * pause()                          lets another thread of this host run
 * monitor(addr)                    linear address
 * in(port, bytes) out(port, value, bytes)      permission checked here; [E] is not needed
 * check_io(port, bytes)            only the permission check, for ins and outs
 */
#ifndef TARGET_I386_SYS_HELPERS_H
#define TARGET_I386_SYS_HELPERS_H

#include "target/i386/cpu.h"

#define SYS_HELPER(name, ...) extern const IrHelper hlp_##name;
#include "target/i386/sys-helpers.def"
#undef SYS_HELPER

G_NORETURN void helper_raise(CPUX86State *env, uint32_t vector);
G_NORETURN void helper_raise_err(CPUX86State *env, uint32_t vector, uint32_t error_code);
G_NORETURN void helper_int_n(CPUX86State *env, uint32_t n, uint64_t next_eip);
G_NORETURN void helper_int3(CPUX86State *env, uint64_t next_eip);
void helper_into(CPUX86State *env, uint64_t next_eip);
G_NORETURN void helper_icebp(CPUX86State *env, uint64_t next_eip);
void helper_bound(CPUX86State *env, uint64_t addr, uint64_t index, uint32_t osize);
G_NORETURN void helper_single_step(CPUX86State *env);

void helper_load_seg(CPUX86State *env, uint32_t seg, uint32_t selector);
void helper_far_jmp(CPUX86State *env, uint32_t sel, uint64_t offset, uint32_t osize,
                    uint64_t next_eip);
void helper_far_call(CPUX86State *env, uint32_t sel, uint64_t offset, uint32_t osize,
                     uint64_t next_eip);
void helper_far_ret(CPUX86State *env, uint32_t osize, uint32_t extra_bytes);
void helper_iret(CPUX86State *env, uint32_t osize, uint64_t next_eip);
void helper_sysenter(CPUX86State *env);
void helper_sysexit(CPUX86State *env, uint32_t osize);
void helper_syscall(CPUX86State *env, uint64_t next_eip);
void helper_sysret(CPUX86State *env, uint32_t osize);
void helper_swapgs(CPUX86State *env);
void helper_check_fsgsbase(CPUX86State *env);
void helper_wrsegbase(CPUX86State *env, uint32_t seg, uint64_t value);
void helper_lldt(CPUX86State *env, uint32_t sel);
void helper_ltr(CPUX86State *env, uint32_t sel);
uint64_t helper_sldt(CPUX86State *env);
uint64_t helper_str(CPUX86State *env);
uint64_t helper_smsw(CPUX86State *env);
void helper_load_dtr(CPUX86State *env, uint64_t addr, uint32_t which, uint32_t osize);
void helper_store_dtr(CPUX86State *env, uint64_t addr, uint32_t which, uint32_t osize);
uint64_t helper_lar(CPUX86State *env, uint32_t sel, uint64_t old);
uint64_t helper_lsl(CPUX86State *env, uint32_t sel, uint64_t old);
void helper_verr(CPUX86State *env, uint32_t sel);
void helper_verw(CPUX86State *env, uint32_t sel);

uint64_t helper_read_cr(CPUX86State *env, uint32_t n);
void helper_write_cr(CPUX86State *env, uint32_t n, uint64_t value);
uint64_t helper_read_dr(CPUX86State *env, uint32_t n);
void helper_write_dr(CPUX86State *env, uint32_t n, uint64_t value);
void helper_lmsw(CPUX86State *env, uint64_t value);
void helper_clts(CPUX86State *env);
void helper_invlpg(CPUX86State *env, uint64_t addr);
void helper_invpcid(CPUX86State *env, uint64_t type, uint64_t addr);
void helper_stac(CPUX86State *env);
void helper_clac(CPUX86State *env);
void helper_xgetbv(CPUX86State *env);
void helper_xsetbv(CPUX86State *env);

void helper_rdmsr(CPUX86State *env);
void helper_wrmsr(CPUX86State *env);
void helper_rdtsc(CPUX86State *env);
void helper_rdtscp(CPUX86State *env);
void helper_rdpmc(CPUX86State *env);
uint64_t helper_rdpid(CPUX86State *env);
void helper_cpuid(CPUX86State *env);
uint64_t helper_rdrand(CPUX86State *env, uint32_t osize);
uint64_t helper_rdseed(CPUX86State *env, uint32_t osize);
void helper_vmcall(CPUX86State *env);

void helper_cli(CPUX86State *env);
void helper_sti(CPUX86State *env);
void helper_set_inhibit(CPUX86State *env);
void helper_reset_inhibit(CPUX86State *env);
uint64_t helper_pushf(CPUX86State *env, uint32_t osize);
void helper_popf(CPUX86State *env, uint64_t value, uint32_t osize);
G_NORETURN void helper_hlt(CPUX86State *env, uint64_t next_eip);
void helper_pause(CPUX86State *env);
void helper_monitor(CPUX86State *env, uint64_t addr);
G_NORETURN void helper_mwait(CPUX86State *env, uint64_t next_eip);
uint64_t helper_in(CPUX86State *env, uint32_t port, uint32_t bytes);
void helper_out(CPUX86State *env, uint32_t port, uint64_t value, uint32_t bytes);
void helper_check_io(CPUX86State *env, uint32_t port, uint32_t bytes);

#endif
