/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^fatal error: all goroutines are asleep - deadlock!$"
   output="^goroutine 1 \[select \(no cases\)\]" absent="^goroutine ([2-9]|1[0-9])" */
/* nobody but main is shown: the runtime has no goroutines of its own */
#include <gamp.h>

int
main(void)
{
    chan_select(NULL, 0);
}
