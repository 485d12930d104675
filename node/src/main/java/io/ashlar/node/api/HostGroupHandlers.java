package io.ashlar.node.api;

import io.ashlar.common.VolumeId;
import io.ashlar.metadata.Command;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.HostGroup;
import java.util.List;

/** Requests about host groups, their hosts and what is mapped to them. */
final class HostGroupHandlers {
    private final ControlAccess control;

    HostGroupHandlers(ControlAccess control) {
        this.control = control;
    }

    List<ApiViews.HostGroup> list() {
        return VolumeHandlers.plain(control.current()).hostGroups();
    }

    ApiViews.HostGroup show(String name) {
        ControlState state = control.current();
        HostGroup group = state.hostGroups().get(name);
        if (group == null) {
            throw ApiException.notFound(
                    "there is no host group '" + name + "'",
                    "create it with 'ashlar host-group create'");
        }
        return VolumeHandlers.plain(state).hostGroup(group);
    }

    ApiViews.HostGroup create(ApiViews.CreateHostGroup request) {
        String name = request.name();
        if (name == null || name.isBlank()) {
            throw ApiException.invalid("'name' is missing", "give the host group a name");
        }
        control.submit(new Command.CreateHostGroup(name));
        return show(name);
    }

    void delete(String name) {
        control.submit(new Command.DeleteHostGroup(name));
    }

    ApiViews.HostGroup add(String name, String host) {
        control.submit(new Command.JoinHostGroup(name, host));
        return show(name);
    }

    void remove(String name, String host) {
        control.submit(new Command.LeaveHostGroup(name, host));
    }

    ApiViews.GroupMapping map(String name, String volume, ApiViews.MapVolume request) {
        VolumeId id = VolumeHandlers.named(control.current(), volume).id();
        int lun = request.lun() == null ? -1 : request.lun();
        long given = control.submit(new Command.MapVolumeToGroup(name, id, lun)).value();
        return new ApiViews.GroupMapping(volume, (int) given);
    }

    void unmap(String name, String volume) {
        VolumeId id = VolumeHandlers.named(control.current(), volume).id();
        control.submit(new Command.UnmapVolumeFromGroup(name, id));
    }
}
