package io.ashlar.node.api;

import io.ashlar.common.ChapSecrets;
import io.ashlar.common.Secret;
import io.ashlar.common.VolumeId;
import io.ashlar.metadata.Command;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.Mapping;
import java.util.List;
import java.util.Optional;

/** Requests about hosts and what is mapped to them. */
final class HostHandlers {
    private final ControlAccess control;

    HostHandlers(ControlAccess control) {
        this.control = control;
    }

    List<ApiViews.Host> list() {
        return VolumeHandlers.plain(control.current()).hosts();
    }

    ApiViews.Host show(String name) {
        ControlState state = control.current();
        if (!state.hosts().containsKey(name)) {
            throw ApiException.notFound(
                    "there is no host '" + name + "'", "create it with 'ashlar host create'");
        }
        return VolumeHandlers.plain(state).host(name);
    }

    ApiViews.Host create(ApiViews.CreateHost request) {
        String name = request.name();
        if (name == null || name.isBlank()) {
            throw ApiException.invalid("'name' is missing", "give the host's initiator name");
        }
        control.submit(new Command.CreateHost(name));
        return show(name);
    }

    ApiViews.Host setChap(String name, ApiViews.HostChap request) {
        if (request.secret() == null) {
            throw ApiException.invalid(
                    "'secret' is missing", "give the host's secret, or DELETE to ask for none");
        }
        control.submit(
                new Command.SetChap(
                        name,
                        Optional.of(
                                new ChapSecrets(
                                        Secret.of(request.secret()),
                                        Optional.ofNullable(request.mutualSecret())
                                                .map(Secret::of)))));
        return show(name);
    }

    ApiViews.Host removeChap(String name) {
        control.submit(new Command.SetChap(name, Optional.empty()));
        return show(name);
    }

    void delete(String name) {
        control.submit(new Command.DeleteHost(name));
    }

    List<ApiViews.Mapping> mappings() {
        return VolumeHandlers.plain(control.current()).mappings();
    }

    ApiViews.Mapping map(String host, String volume, ApiViews.MapVolume request) {
        VolumeId id = VolumeHandlers.named(control.current(), volume).id();
        int lun = request.lun() == null ? -1 : request.lun();
        long given = control.submit(new Command.MapVolume(new Mapping(host, id, lun))).value();
        return new ApiViews.Mapping(host, volume, (int) given, null);
    }

    void unmap(String host, String volume) {
        VolumeId id = VolumeHandlers.named(control.current(), volume).id();
        control.submit(new Command.UnmapVolume(host, id));
    }
}
