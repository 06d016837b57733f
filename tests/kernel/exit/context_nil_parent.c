/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^panic: cannot create context from nil parent$" smp=1 */
#include <gamp.h>

int
main(void)
{
    context_with_timeout(NULL, SECOND);
}
