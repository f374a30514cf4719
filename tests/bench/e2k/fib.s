! Calls: fib(38) by plain recursion; the exit status is its low byte.
	.text
	.globl _start
_start:
{
	setwd wsz=8, nfx=1
	setbn rsz=3, rbs=4, rcur=0
	disp %ctpr1, fib
}
{
	adds,0 0, 38, %b[0]
}
{
	call %ctpr1, wbs=4
}
{
	sdisp %ctpr1, 3
	sxt,0 6, %b[0], %b[1]
}
{
	andd,0 %b[1], 0xff, %b[1]
	addd,1 0, 1, %b[0]
}
{
	call %ctpr1, wbs=4
}

fib:
{
	setwd wsz=10, nfx=1
	setbn rsz=3, rbs=5, rcur=0
	disp %ctpr1, fib
	cmplsb,0 %r0, 2, %pred0
}
{
	nop 2
	return %ctpr3
	subs,0 %r0, 1, %b[0]
}
{
	ct %ctpr3 ? %pred0
}
{
	call %ctpr1, wbs=5
}
{
	disp %ctpr1, fib
	subs,0 %r0, 2, %b[0]
	adds,1 0, %b[0], %r2
}
{
	call %ctpr1, wbs=5
}
{
	nop 2
	return %ctpr3
	adds,0 %r2, %b[0], %r0
}
{
	ct %ctpr3
}
