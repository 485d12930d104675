/** Chunks, their checksums and the placement groups' logs on one device. */
@NullMarked
package io.ashlar.chunkstore;

import org.jspecify.annotations.NullMarked;
