/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^panic: nil key$" smp=1 */
#include <gamp.h>

int
main(void)
{
    context_with_value(context_background(), NULL, NULL);
}
