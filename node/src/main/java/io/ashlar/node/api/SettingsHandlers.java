package io.ashlar.node.api;

import io.ashlar.metadata.ClusterSettings;
import io.ashlar.metadata.Command;
import java.time.Duration;
import java.util.Objects;

/** Settings of the whole cluster. */
final class SettingsHandlers {
    private final ControlAccess control;

    SettingsHandlers(ControlAccess control) {
        this.control = control;
    }

    ApiViews.Settings show() {
        return view(control.newest().settings());
    }

    /** Changes those that are given. */
    ApiViews.Settings change(ApiViews.Settings request) {
        ClusterSettings present = control.current().settings();
        Long away = request.awaySeconds();
        if (away != null && (away < 0 || away > ClusterSettings.AWAY_MAX.toSeconds())) {
            throw ApiException.invalid(
                    "away of " + away + " s",
                    "give at most " + ClusterSettings.AWAY_MAX.toSeconds() + " s");
        }
        ClusterSettings wanted =
                new ClusterSettings(
                        away == null ? present.away() : Duration.ofSeconds(away),
                        Objects.requireNonNullElse(
                                request.movesPerNode(), present.movesPerNodeMax()),
                        Objects.requireNonNullElse(request.rebalance(), present.rebalances()),
                        Objects.requireNonNullElse(
                                request.copyBytesPerSecondMin(), present.copyBytesPerSecondMin()),
                        Objects.requireNonNullElse(
                                request.copyBytesPerSecondMax(), present.copyBytesPerSecondMax()),
                        Objects.requireNonNullElse(request.explicitAlua(), present.explicitAlua()));
        String problem = wanted.problem();
        if (problem != null) {
            int semicolon = problem.lastIndexOf("; ");
            throw ApiException.invalid(
                    problem.substring(0, semicolon), problem.substring(semicolon + 2));
        }
        control.submit(new Command.ChangeSettings(present, wanted));
        return show();
    }

    private static ApiViews.Settings view(ClusterSettings settings) {
        return new ApiViews.Settings(
                settings.away().toSeconds(),
                settings.movesPerNodeMax(),
                settings.rebalances(),
                settings.copyBytesPerSecondMin(),
                settings.copyBytesPerSecondMax(),
                settings.explicitAlua());
    }
}
