package io.ashlar.volume;

import io.ashlar.common.NodeId;

/**
 * Where a node serves iSCSI.
 *
 * @param node the node; its id is also its target portal group tag and its ALUA target port group
 * @param address an IP address as text, IPv6 without brackets
 * @param port TCP port
 */
public record Portal(NodeId node, String address, int port) {}
