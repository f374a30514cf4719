/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Floating point in all widths, rounding modes, exceptions flags, long double functions. */
#include <fenv.h>
#include <math.h>
#include <stdio.h>

int main(void)
{
    static const int modes[] = { FE_TONEAREST, FE_DOWNWARD, FE_UPWARD, FE_TOWARDZERO };
    volatile double third = 1.0 / 3, big = 1e308, one = 1;
    volatile float f = 16777217.0f;
    volatile long double l = 1.0L;

    for (int m = 0; m < 4; m++) {
        fesetround(modes[m]);
        feclearexcept(FE_ALL_EXCEPT);
        volatile double x = one / 3, y = big * 10;
        volatile float g = f / 7;
        volatile long double z = l / 3;
        printf("%a %a %a %La %lld %x\n", x, y, g, z, llrint(x * 1e6),
               (unsigned)fetestexcept(FE_ALL_EXCEPT));
    }
    fesetround(FE_TONEAREST);
    for (int i = -5; i < 6; i++) {
        double x = i * 0.77;
        printf("%.17g %.17g %.17g %.17g %.20Lg %.20Lg\n", sin(x), exp(x), atan(x), cbrt(x),
               sinl(x), expl(x));
    }
    printf("%d %d %f\n", isnan(sqrt(-third)), (int)fpclassify(big * big), fmod(10.5, third));
    return 0;
}
