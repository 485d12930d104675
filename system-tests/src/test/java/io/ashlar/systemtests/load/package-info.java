/** Load that knows what every read may return. */
package io.ashlar.systemtests.load;
