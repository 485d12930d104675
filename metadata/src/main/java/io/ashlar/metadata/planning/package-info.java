/** What the planner is made of: preferences, quotas, and the filling of groups under both. */
@NullMarked
package io.ashlar.metadata.planning;

import org.jspecify.annotations.NullMarked;
