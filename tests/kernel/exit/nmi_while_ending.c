/* SPDX-License-Identifier: MIT */
/* expect: status=7 smp=1,2 */
#include <gamp.h>
#include <cpuid.h>

void panic_stop_others(void);
void lapic_ipi_nmi(unsigned apic_id);

/* A watchdog's, for one, on the core that has stopped the others and is about to end it all. */
int
main(void)
{
    unsigned eax, ebx = 0, ecx, edx;
    lock_core();
    __get_cpuid(1, &eax, &ebx, &ecx, &edx);
    panic_stop_others();
    lapic_ipi_nmi(ebx >> 24);
    return 7;
}
