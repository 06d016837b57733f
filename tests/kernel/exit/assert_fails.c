/* SPDX-License-Identifier: MIT */
/* expect: status=134 output="Assertion failed: 1 . 1 == 3 .*assert_fails" smp=1 */
#include <assert.h>

int
main(void)
{
    assert(1 + 1 == 3);
}
