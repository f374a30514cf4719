/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For guests: guest-kexec KERNEL INITRD COMMAND-LINE starts another kernel without a reset. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MAGIC1 = (int)0xfee1dead, MAGIC2 = 672274793, CMD_KEXEC = 0x45584543 };

int main(int argc, char **argv)
{
    int kernel, initrd;

    if (argc != 4) {
        return 2;
    }
    kernel = open(argv[1], O_RDONLY);
    initrd = open(argv[2], O_RDONLY);
    if (syscall(SYS_kexec_file_load, kernel, initrd, strlen(argv[3]) + 1, argv[3], 0L) < 0) {
        perror("kexec_file_load");
        return 1;
    }
    sync();
    syscall(SYS_reboot, MAGIC1, MAGIC2, CMD_KEXEC, NULL);
    perror("reboot");
    return 1;
}
