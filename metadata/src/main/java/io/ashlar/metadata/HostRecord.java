package io.ashlar.metadata;

import io.ashlar.common.ChapSecrets;
import java.util.Optional;

/**
 * A host that was made known.
 *
 * @param name its initiator name
 * @param chap what it logs in with; without it, no proof is asked for
 */
public record HostRecord(String name, Optional<ChapSecrets> chap) {}
