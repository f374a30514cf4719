/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Threads, atomics, futexes, thread-local data. */
#include <pthread.h>
#include <stdio.h>

enum { THREADS = 8, ROUNDS = 20000 };
static long atomic_sum, locked_sum;
static __thread long mine;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *work(void *arg)
{
    for (long i = 0; i < ROUNDS; i++) {
        __atomic_fetch_add(&atomic_sum, i, __ATOMIC_SEQ_CST);
        pthread_mutex_lock(&lock);
        locked_sum += i;
        pthread_mutex_unlock(&lock);
        mine++;
    }
    return (void *)mine;
}

int main(void)
{
    pthread_t t[THREADS];
    long total = 0;

    for (int i = 0; i < THREADS; i++) {
        pthread_create(&t[i], NULL, work, NULL);
    }
    for (int i = 0; i < THREADS; i++) {
        void *r;
        pthread_join(t[i], &r);
        total += (long)r;
    }
    printf("%ld %ld %ld\n", atomic_sum, locked_sum, total);
    return 0;
}
