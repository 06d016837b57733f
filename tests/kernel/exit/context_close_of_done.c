/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^panic: close of a context's channel$" smp=1,4 */
#include <gamp.h>

int
main(void)
{
    chan_close(context_done(context_with_cancel(context_background())));
}
