/**
 * What every module shares: ids, sizes, checksums, time, randomness, shards. It holds no logic of
 * the product.
 */
@NullMarked
package io.ashlar.common;

import org.jspecify.annotations.NullMarked;
