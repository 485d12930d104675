/**
 * The administration interface, JSON over HTTP under {@code /v1}. {@link
 * io.ashlar.node.api.ApiViews} holds what it answers; the {@code ashlar} command reads the same
 * records.
 */
@NullMarked
package io.ashlar.node.api;

import org.jspecify.annotations.NullMarked;
