/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's time-stamp counter: the host's, from zero at start, standing still while the machine
 * is stopped. Hosts without an invariant counter give nanoseconds of the monotonic clock.
 *
 *   guest TSC = (stopped ? stop_tick : host ticks) - start - stopped ticks + env->tsc_offset
 */
#include <cpuid.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>
#include "target/i386/cpu.h"

#define CALIBRATE_NS 20000000

typedef struct TscSample { uint64_t tick; int64_t ns; } TscSample;

/* written by the constructor and, with the vCPUs stopped, by pause and resume */
static struct {
    bool use_ns;
    uint64_t base;              /* start + ticks spent stopped */
    uint64_t stop_tick;
    bool stopped;
    uint64_t hz;                /* atomic; 0: not measured yet */
    TscSample first;
} tsc;

static int64_t mono_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

static uint64_t host_tick(void)
{
    if (tsc.use_ns) {
        return (uint64_t)mono_ns();
    }
    _mm_lfence();       /* or it may run ahead of a lock that was taken just before */
    return __rdtsc();
}

/* The narrowest of some brackets around one reading of the clock. */
static TscSample take_sample(void)
{
    TscSample best = { 0 };
    uint64_t width = UINT64_MAX;

    for (int i = 0; i < 16; i++) {
        uint64_t before = __rdtsc();
        int64_t ns = mono_ns();
        uint64_t after = __rdtsc();
        if (after - before < width) {
            width = after - before;
            best = (TscSample){ .tick = before + width / 2, .ns = ns };
        }
    }
    return best;
}

static bool host_tsc_invariant(void)
{
    unsigned a, b, c, d;

    return __get_cpuid(0x80000007, &a, &b, &c, &d) && (d >> 8 & 1);
}

__attribute__((constructor)) static void tsc_start(void)
{
    tsc.use_ns = !host_tsc_invariant();
    tsc.first = take_sample();
    tsc.base = host_tick();
    tsc.hz = tsc.use_ns ? 1000000000 : 0;
}

/* to the nearest kHz: finer digits are noise */
static uint64_t measure(void)
{
    int64_t left = tsc.first.ns + CALIBRATE_NS - mono_ns();

    if (left > 0) {
        usleep((useconds_t)(left / 1000 + 1));
    }
    TscSample now = take_sample();
    unsigned __int128 ticks = now.tick - tsc.first.tick;
    uint64_t hz = (uint64_t)(ticks * 1000000000 / (uint64_t)(now.ns - tsc.first.ns));
    return (hz + 500) / 1000 * 1000;
}

uint64_t x86_tsc_hz(void)
{
    uint64_t hz = __atomic_load_n(&tsc.hz, __ATOMIC_RELAXED), none = 0;

    if (!hz) {
        hz = measure();
        if (!__atomic_compare_exchange_n(&tsc.hz, &none, hz, false, __ATOMIC_RELAXED,
                                         __ATOMIC_RELAXED)) {
            hz = none;          /* somebody else measured meanwhile */
        }
    }
    return hz;
}

uint64_t x86_tsc_read(CPUX86State *env)
{
    uint64_t tick = G_UNLIKELY(tsc.stopped) ? tsc.stop_tick : host_tick();

    return tick - tsc.base + (uint64_t)env->tsc_offset;
}

int64_t x86_tsc_to_ns_until(CPUX86State *env, uint64_t when)
{
    int64_t ticks = (int64_t)(when - x86_tsc_read(env));
    __int128 ns = (__int128)ticks * 1000000000 / (int64_t)x86_tsc_hz();

    return ns > INT64_MAX ? INT64_MAX : ns < INT64_MIN ? INT64_MIN : (int64_t)ns;
}

void x86_tsc_pause(void)
{
    if (!tsc.stopped) {
        tsc.stop_tick = host_tick();
        tsc.stopped = true;
    }
}

void x86_tsc_resume(void)
{
    if (tsc.stopped) {
        tsc.base += host_tick() - tsc.stop_tick;
        tsc.stopped = false;
    }
}
