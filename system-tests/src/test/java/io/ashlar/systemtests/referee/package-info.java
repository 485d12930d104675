/** Programs of others that judge the target: QEMU, fio, e2fsprogs and libiscsi's test suite. */
package io.ashlar.systemtests.referee;
