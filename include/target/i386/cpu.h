/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * State of an x86 vCPU. Names follow the Intel SDM. The state begins right behind CPUState; the
 * hot part (registers, flags) comes first so that generated code reaches it with short offsets.
 */
#ifndef TARGET_I386_CPU_H
#define TARGET_I386_CPU_H

#include "accel/cpu.h"

enum { R_EAX, R_ECX, R_EDX, R_EBX, R_ESP, R_EBP, R_ESI, R_EDI,
       R_R8, R_R9, R_R10, R_R11, R_R12, R_R13, R_R14, R_R15, X86_N_REGS };
enum { R_ES, R_CS, R_SS, R_DS, R_FS, R_GS, X86_N_SEGS };

/* EFLAGS */
#define CC_C 0x0001u
#define CC_P 0x0004u
#define CC_A 0x0010u
#define CC_Z 0x0040u
#define CC_S 0x0080u
#define CC_O 0x0800u
#define CC_ALL (CC_C | CC_P | CC_A | CC_Z | CC_S | CC_O)
#define EFL_TF   0x00000100u
#define EFL_IF   0x00000200u
#define EFL_DF   0x00000400u
#define EFL_IOPL 0x00003000u
#define EFL_NT   0x00004000u
#define EFL_RF   0x00010000u
#define EFL_VM   0x00020000u
#define EFL_AC   0x00040000u
#define EFL_VIF  0x00080000u
#define EFL_VIP  0x00100000u
#define EFL_ID   0x00200000u

/*
 * Lazy flags: cc_op says what cc_dst, cc_src, cc_src2 mean. CC_OP_FLAGS: cc_src holds CC_ALL bits.
 * The B/W/L/Q forms are consecutive: CC_OP_ADDB + log2(bytes).
 *   ADD: dst = a + b, src = b        ADC: dst = a + b + c, src = b, src2 = c (0 or 1)
 *   SUB: dst = a - b, src = b        SBB: dst = a - b - c, src = b, src2 = c (0 or 1)
 *   LOGIC: dst                       INC/DEC: dst, src = old CF (0 or 1)
 *   SHL: dst, src = value shifted by count-1 (CF = its top bit)  SAR (also SHR): CF = bit 0 of src
 *   MUL: dst = low half, src != 0 sets CF and OF                 BLSI/BMILG: dst, src
 *   ADCX, ADOX are done with CC_OP_FLAGS. CLR: ZF=PF=1, rest 0 (xor r,r). POPCNT: dst.
 */
typedef enum CCOp {
    CC_OP_DYNAMIC,          /* translator only: env->cc_op knows */
    CC_OP_FLAGS,
    CC_OP_CLR,
#define CC_OP4(n) CC_OP_##n##B, CC_OP_##n##W, CC_OP_##n##L, CC_OP_##n##Q
    CC_OP4(ADD), CC_OP4(ADC), CC_OP4(SUB), CC_OP4(SBB), CC_OP4(LOGIC), CC_OP4(INC), CC_OP4(DEC),
    CC_OP4(SHL), CC_OP4(SAR), CC_OP4(MUL), CC_OP4(BMILG), CC_OP4(BLSI),
#undef CC_OP4
    CC_OP_POPCNT,
    CC_OP_N
} CCOp;
/* env->cc_op may say beside the operation that CF or OF is another, and what it is: rotates, bit
 * tests and the like leave the other flags as they were */
#define CC_OVER_C       0x100u
#define CC_OVER_C_SHIFT 9               /* the bit itself */
#define CC_OVER_O       0x400u
#define CC_OVER_O_SHIFT 11

/* hflags: what a translation depends on; bits of EFLAGS keep their places */
#define HF_CPL_MASK   0x00000003u
#define HF_INHIBIT_IRQ (1u << 3)    /* after sti, mov ss: interrupts wait one instruction */
#define HF_CS32       (1u << 4)
#define HF_SS32       (1u << 5)
#define HF_ADDSEG     (1u << 6)     /* some of DS, ES, SS has a base != 0, or not 32-bit flat */
#define HF_PE         (1u << 7)
#define HF_TF         EFL_TF        /* bit 8 */
#define HF_MP         (1u << 9)     /* CR0.MP EM TS */
#define HF_EM         (1u << 10)
#define HF_TS         (1u << 11)
/* bits 12, 13: IOPL */
#define HF_LMA        (1u << 14)
#define HF_CS64       (1u << 15)
#define HF_OSFXSR     (1u << 16)
#define HF_VM         EFL_VM        /* bit 17 */
#define HF_AC         EFL_AC        /* bit 18: EFLAGS.AC (SMAP override, alignment checks) */
#define HF_SMAP       (1u << 19)    /* CR4.SMAP */
#define HF_OSXSAVE    (1u << 20)
#define HF_FSGSBASE   (1u << 21)
#define HF_FPEXC      (1u << 22)    /* MXCSR unmasks an exception: slow exact SSE */
#define HF_WP         (1u << 23)    /* CR0.WP; kept for the MMU */
#define HF_UMIP       (1u << 24)
#define HF_USER       (1u << 25)    /* user program (qemu-x86_64): no system instructions */

#define CR0_PE (1u << 0)
#define CR0_MP (1u << 1)
#define CR0_EM (1u << 2)
#define CR0_TS (1u << 3)
#define CR0_ET (1u << 4)
#define CR0_NE (1u << 5)
#define CR0_WP (1u << 16)
#define CR0_AM (1u << 18)
#define CR0_NW (1u << 29)
#define CR0_CD (1u << 30)
#define CR0_PG (1u << 31)
#define CR4_VME (1u << 0)
#define CR4_PVI (1u << 1)
#define CR4_TSD (1u << 2)
#define CR4_DE (1u << 3)
#define CR4_PSE (1u << 4)
#define CR4_PAE (1u << 5)
#define CR4_MCE (1u << 6)
#define CR4_PGE (1u << 7)
#define CR4_PCE (1u << 8)
#define CR4_OSFXSR (1u << 9)
#define CR4_OSXMMEXCPT (1u << 10)
#define CR4_UMIP (1u << 11)
#define CR4_LA57 (1u << 12)
#define CR4_FSGSBASE (1u << 16)
#define CR4_PCIDE (1u << 17)
#define CR4_OSXSAVE (1u << 18)
#define CR4_SMEP (1u << 20)
#define CR4_SMAP (1u << 21)
#define EFER_SCE (1u << 0)
#define EFER_LME (1u << 8)
#define EFER_LMA (1u << 10)
#define EFER_NXE (1u << 11)
#define EFER_FFXSR (1u << 14)

enum { EXCP00_DIVZ, EXCP01_DB, EXCP02_NMI, EXCP03_INT3, EXCP04_INTO, EXCP05_BOUND, EXCP06_ILLOP,
       EXCP07_PREX, EXCP08_DBLE, EXCP09_XERR, EXCP0A_TSS, EXCP0B_NOSEG, EXCP0C_STACK, EXCP0D_GPF,
       EXCP0E_PAGE, EXCP10_COPR = 16, EXCP11_ALGN, EXCP12_MCHK, EXCP13_SIMD,
       EXCP_SYSCALL = 0x100,       /* user programs: syscall instruction (EXCP_USER_FIRST) */
       EXCP_INT80 = 0x101,         /* user programs: int n; n in env->error_code */
       EXCP_USER_TRAP = 0x102,     /* user programs: exception env->trapno, error_code, cr2 */
};
/* page-fault error code */
#define PF_P 1u
#define PF_W 2u
#define PF_U 4u
#define PF_RSVD 8u
#define PF_I 16u

typedef struct SegmentCache {
    uint64_t base;
    uint32_t limit;         /* bytes - 1, granularity applied */
    uint32_t flags;         /* second descriptor dword, bits 8..23: DESC_* */
    uint16_t selector;
} SegmentCache;
#define DESC_TYPE_SHIFT 8
#define DESC_A   (1u << 8)
#define DESC_W   (1u << 9)      /* data: writable; code: readable */
#define DESC_R   (1u << 9)
#define DESC_E   (1u << 10)     /* data: expand down */
#define DESC_C   (1u << 10)     /* code: conforming */
#define DESC_CS  (1u << 11)     /* code segment */
#define DESC_S   (1u << 12)
#define DESC_DPL_SHIFT 13
#define DESC_P   (1u << 15)
#define DESC_L   (1u << 21)
#define DESC_B   (1u << 22)
#define DESC_G   (1u << 23)

typedef union X86Vec {          /* an XMM register and room for its YMM half */
    uint8_t b[32];
    uint16_t w[16];
    uint32_t d[8];
    uint64_t q[4];
    float s[8];
    double f[4];
} __attribute__((aligned(16))) X86Vec;

typedef union X87Reg {          /* MMX registers share the low 64 bits */
    long double ld;
    struct { uint64_t mant; uint16_t se; };
    uint8_t b[16];
    uint16_t w[8];
    uint32_t d[4];
    uint64_t mmx;
} __attribute__((aligned(16))) X87Reg;

/* feature words, in the order of X86CPUModel.features */
typedef enum FeatureWord {
    FEAT_1_EDX, FEAT_1_ECX, FEAT_7_0_EBX, FEAT_7_0_ECX, FEAT_7_0_EDX, FEAT_8000_0001_EDX,
    FEAT_8000_0001_ECX, FEAT_8000_0007_EDX, FEAT_8000_0008_EBX, FEAT_KVM, FEAT_HYPERV_EAX,
    FEAT_SVM, FEAT_6_EAX, FEAT_XSAVE, FEATURE_WORDS
} FeatureWord;

struct X86CPU;
/* The local interrupt controller, handed down by hw/intc/apic.c. All with the big lock held. */
typedef struct X86ApicOps {
    int (*ack)(void *apic);                     /* highest pending vector, now in service; -1 none */
    void (*set_tpr)(void *apic, uint8_t tpr);   /* CR8 << 4 */
    uint8_t (*get_tpr)(void *apic);
    void (*set_base)(void *apic, uint64_t val); /* IA32_APIC_BASE; already checked */
    uint64_t (*get_base)(void *apic);
    bool (*msr_read)(void *apic, uint32_t reg, uint64_t *val);  /* x2APIC MSR 0x800 + reg; false #GP */
    bool (*msr_write)(void *apic, uint32_t reg, uint64_t val);
    void (*set_tsc_deadline)(void *apic, uint64_t tsc);         /* guest TSC units; 0 disarms */
    uint64_t (*get_tsc_deadline)(void *apic);
    void (*init)(void *apic);                   /* INIT: reset but for the id and base */
} X86ApicOps;

/* Hyper-V, handed down by target/i386/hyperv.c to itself; NULL: no enlightenments */
struct X86HyperV;

typedef struct CPUX86State {
    /* hot: within 256 bytes */
    uint64_t regs[X86_N_REGS];
    uint64_t cc_dst, cc_src, cc_src2;
    uint32_t cc_op;
    int32_t df;                 /* 1 or -1 */
    uint64_t eip;               /* RIP */
    uint32_t hflags;
    uint32_t eflags;            /* but for CC_ALL and DF, which live above */
    SegmentCache segs[X86_N_SEGS];

    X86Vec xmm[16];
    uint32_t mxcsr;             /* control and mask bits as the guest wrote; sticky flags may be in
                                 * CPUState.host_mxcsr too: x86_mxcsr_get() joins them */
    uint16_t fpuc, fpus;        /* fpus without TOP */
    uint8_t fpstt;              /* TOP */
    uint8_t fptags[8];          /* physical register i: 1 = empty */
    X87Reg fpregs[8];           /* physical; ST(i) is fpregs[(fpstt + i) & 7] */
    uint16_t fpop;
    uint64_t fpip, fpdp;
    uint16_t fpcs, fpds;

    SegmentCache ldt, tr, gdt, idt;
    uint64_t cr[9];             /* 0, 2, 3, 4, 8 used */
    uint64_t dr[8];
    uint64_t xcr0, xss;
    uint64_t efer, star, lstar, cstar, fmask, kernelgsbase;
    uint64_t sysenter_cs, sysenter_esp, sysenter_eip;
    uint64_t pat, tsc_aux, misc_enable, spec_ctrl;
    int64_t tsc_offset;         /* guest TSC = host TSC clock + offset */
    uint64_t tsc_adjust;
    uint64_t mtrr_fixed[11], mtrr_var[16], mtrr_def;
    uint64_t mce_banks[4 * 10], mcg_status, mcg_ctl;
    uint64_t apic_base;         /* when there is no apic object */

    uint32_t error_code;        /* of cpu->exception_index */
    bool exception_is_int;      /* software interrupt: DPL checked, return to next_eip */
    uint64_t exception_next_eip;
    int32_t old_exception;      /* for double faults; -1 */
    uint8_t nmi_blocked;
    bool debug_armed;           /* some breakpoint of DR7 is on; the rest belongs to debug.c */
    bool debug_step, debug_resume;
    uint32_t debug_hits;
    uint64_t debug_resume_pc;
    bool wait_sipi;             /* after INIT: only INIT, SIPI and reset are seen */
    uint8_t trapno;             /* user programs */
    uint64_t fs_gs_dummy;

    uint32_t features[FEATURE_WORDS];
    const struct X86CPUModel *model;
    uint32_t family_model_stepping;     /* CPUID.1.EAX */
    uint32_t cpuid_level, cpuid_xlevel;
    char vendor[13];
    char brand[49];
    uint32_t apic_id, n_threads_package, n_threads_core;        /* 0: one */
    uint8_t phys_bits;

    void *apic;                 /* local APIC object, NULL: none */
    const X86ApicOps *apic_ops;
    struct X86HyperV *hyperv;   /* per-vCPU Hyper-V state */
    bool is_user;               /* qemu-x86_64 */
    bool is_bsp;
} CPUX86State;

typedef struct X86CPU {
    CPUState parent;
    CPUX86State env;
} X86CPU;
_Static_assert(offsetof(X86CPU, env) == sizeof(CPUState), "env follows CPUState");

static inline CPUX86State *x86_env(CPUState *cpu) { return (CPUX86State *)cpu_env(cpu); }
static inline CPUState *x86_cpu(CPUX86State *env) { return env_cpu(env); }

extern const CPUOps x86_cpu_ops;

/* MMU modes */
enum { MMU_KERNEL, MMU_USER, MMU_KERNEL_NOAC /* supervisor under SMAP with AC clear */, X86_MMU_N };

/* ---- who provides what (each line: the file) ---- */

/* cpu.c, cpu-models.c: CPU models and features */
X86CPU *x86_cpu_new(const char *model_and_features, bool user_mode, Error **errp);
void x86_cpu_models_print(FILE *f);                     /* -cpu help */
void x86_cpuid(CPUX86State *env, uint32_t leaf, uint32_t subleaf, uint32_t out[4]);
static inline bool x86_has(const CPUX86State *env, FeatureWord w, uint32_t bit)
{ return env->features[w] & bit; }
void x86_update_hflags(CPUX86State *env);               /* from cr0, cr4, efer, segs, eflags */
void x86_cpu_reset(CPUState *cpu);
uint64_t x86_tsc_read(CPUX86State *env);                /* guest TSC now */
uint64_t x86_tsc_hz(void);                              /* its rate: the host's, measured once */
int64_t x86_tsc_to_ns_until(CPUX86State *env, uint64_t tsc);    /* virtual ns from now; may be < 0 */
void x86_tsc_pause(void);                               /* vm stop and start: vCPUs stand still */
void x86_tsc_resume(void);

/* cc.c: flags */
uint32_t x86_cc_compute(uint64_t dst, uint64_t src, uint64_t src2, CCOp op);  /* CC_ALL bits */
uint32_t x86_eflags_get(CPUX86State *env);              /* whole EFLAGS */
void x86_eflags_set(CPUX86State *env, uint32_t val, uint32_t mask);     /* bits in mask; hflags too */

/* excp.c, seg.c: exceptions and segmentation. ra as in accel/cpu.h */
G_NORETURN void x86_raise(CPUX86State *env, int vector, uintptr_t ra);
G_NORETURN void x86_raise_err(CPUX86State *env, int vector, uint32_t error_code, uintptr_t ra);
void x86_do_exception(CPUState *cpu);
bool x86_do_interrupt(CPUState *cpu, uint32_t pending);
bool x86_has_work(CPUState *cpu);
void x86_load_seg_cache(CPUX86State *env, int seg, uint16_t selector, uint64_t base,
                        uint32_t limit, uint32_t flags);        /* and hflags */

/* mmu.c */
bool x86_tlb_fill(CPUState *cpu, uint64_t addr, unsigned size, MMUAccess access, int mmu_idx,
                  bool probe, uintptr_t ra);
uint64_t x86_virt_to_phys(CPUState *cpu, uint64_t gva);
void x86_set_cr(CPUX86State *env, int n, uint64_t val, uintptr_t ra);   /* checks, flushes, hflags */

/* msr.c: false means #GP */
bool x86_rdmsr(CPUX86State *env, uint32_t msr, uint64_t *val);
bool x86_wrmsr(CPUX86State *env, uint32_t msr, uint64_t val);

/* fpu.c: x87, MXCSR, FXSAVE/XSAVE areas */
void x86_fpu_reset(CPUX86State *env);                   /* FNINIT + MXCSR 0x1f80 */
uint32_t x86_mxcsr_get(CPUX86State *env);
void x86_mxcsr_set(CPUX86State *env, uint32_t val);     /* also host_mxcsr and HF_FPEXC */
void x86_fxsave_image(CPUX86State *env, uint8_t img[512]);
void x86_fxrstor_image(CPUX86State *env, const uint8_t img[512]);

/* translate.c, gdb.c, hyperv.c */
void x86_translate_init(void);                          /* globals; once */
void x86_translate(CPUState *cpu, IrBlock *b, TbInfo *info);
void x86_get_tb_key(CPUState *cpu, uint64_t *pc, uint64_t *flags);
void x86_restore_state(CPUState *cpu, const uint64_t words[IR_INSN_WORDS]);
void x86_set_pc(CPUState *cpu, uint64_t pc, uint64_t flags);
void x86_get_tb_key(CPUState *cpu, uint64_t *pc, uint64_t *flags);
void x86_restore_state(CPUState *cpu, const uint64_t words[IR_INSN_WORDS]);
void x86_set_pc(CPUState *cpu, uint64_t pc, uint64_t flags);
int x86_gdb_read_reg(CPUState *cpu, unsigned reg, uint8_t *buf);
int x86_gdb_write_reg(CPUState *cpu, unsigned reg, const uint8_t *buf);
const char *x86_gdb_target_xml(CPUState *cpu);

/* hyperv.c: entered from cpuid, msr and vmcall helpers; see include/target/i386/hyperv.h */
bool x86_hyperv_cpuid(CPUX86State *env, uint32_t leaf, uint32_t out[4]);
bool x86_hyperv_rdmsr(CPUX86State *env, uint32_t msr, uint64_t *val, bool *handled);
bool x86_hyperv_wrmsr(CPUX86State *env, uint32_t msr, uint64_t val, bool *handled);
bool x86_hyperv_hypercall(CPUX86State *env);            /* vmcall/vmmcall; false: #UD */

#endif
