/** A device on RocksDB: the format on disk, the threads, the native handles. */
@NullMarked
package io.ashlar.chunkstore.rocks;

import org.jspecify.annotations.NullMarked;
