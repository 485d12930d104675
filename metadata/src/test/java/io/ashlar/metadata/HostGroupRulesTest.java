package io.ashlar.metadata;

import static io.ashlar.metadata.Outcome.Reason.EXISTS;
import static io.ashlar.metadata.Outcome.Reason.INVALID;
import static io.ashlar.metadata.Outcome.Reason.IN_USE;
import static io.ashlar.metadata.Outcome.Reason.NOT_FOUND;
import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.common.VolumeId;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Host groups: each host sees the same, no LUN means two things, and nothing goes unnoticed. */
class HostGroupRulesTest {
    private static final String A = "iqn.2026-01.com.example:a";
    private static final String B = "iqn.2026-01.com.example:b";
    private final Fixture cluster = Fixture.withPool();
    private VolumeId own = new VolumeId(1);
    private VolumeId shared = new VolumeId(1);

    @BeforeEach
    void createHostsAndVolumes() {
        own = new VolumeId(cluster.applied(cluster.volume("own", -1)));
        shared = new VolumeId(cluster.applied(cluster.volume("shared", -1)));
        cluster.applied(new Command.CreateHost(A));
        cluster.applied(new Command.CreateHost(B));
        cluster.applied(new Command.CreateHostGroup("esx"));
        cluster.applied(new Command.CreateHostGroup("esx"));
    }

    private VolumeId at(String host, int lun) {
        return cluster.state().mappings().get(host).get(lun).volume();
    }

    @Test
    void eachHostSeesTheGroupsVolumesUnderTheSameLunBesideItsOwn() {
        cluster.applied(new Command.MapVolume(new Mapping(A, own, 0)));
        cluster.applied(new Command.JoinHostGroup("esx", A));
        assertThat(cluster.applied(new Command.MapVolumeToGroup("esx", shared, -1)))
                .as("LUN 0 is taken at one of the hosts")
                .isEqualTo(1);
        cluster.applied(new Command.JoinHostGroup("esx", B));
        cluster.applied(new Command.JoinHostGroup("esx", B));
        assertThat(at(A, 0)).isEqualTo(own);
        assertThat(at(A, 1)).isEqualTo(shared);
        assertThat(at(B, 1)).isEqualTo(shared);
        assertThat(cluster.state().mappings().get(A).get(1).group()).contains("esx");
        cluster.applied(new Command.LeaveHostGroup("esx", A));
        assertThat(cluster.state().mappings().get(A)).containsOnlyKeys(0);
        cluster.applied(new Command.UnmapVolumeFromGroup("esx", shared));
        assertThat(cluster.state().mappings()).containsOnlyKeys(A);
    }

    /** Protects hosts from a LUN that is two volumes, and from a disk that appears twice. */
    @Test
    void lunsAndVolumesThatAreInUseAreRefused() {
        cluster.applied(new Command.MapVolume(new Mapping(A, own, 3)));
        cluster.applied(new Command.MapVolumeToGroup("esx", shared, 3));
        assertThat(cluster.rejected(EXISTS, new Command.JoinHostGroup("esx", A)))
                .contains(A, "esx", "volume shared", "volume own as LUN 3", "unmap one");
        assertThat(cluster.state().hostGroups().get("esx").hosts()).isEmpty();
        cluster.applied(new Command.JoinHostGroup("esx", B));
        assertThat(cluster.rejected(EXISTS, new Command.MapVolume(new Mapping(B, own, 3))))
                .contains("through host group esx");
        assertThat(cluster.rejected(EXISTS, new Command.MapVolume(new Mapping(B, shared, 3))))
                .contains("LUN 3 through host group esx");
        cluster.rejected(EXISTS, new Command.MapVolume(new Mapping(B, shared, 4)));
        cluster.rejected(EXISTS, new Command.MapVolumeToGroup("esx", own, 3));
        cluster.rejected(EXISTS, new Command.MapVolumeToGroup("esx", shared, 4));
        cluster.applied(new Command.MapVolumeToGroup("esx", shared, 3));
        cluster.rejected(INVALID, new Command.MapVolumeToGroup("esx", own, 16384));
        cluster.applied(new Command.CreateHostGroup("other"));
        cluster.applied(new Command.JoinHostGroup("other", B));
        assertThat(cluster.rejected(EXISTS, new Command.MapVolumeToGroup("other", own, 3)))
                .contains("through host group esx");
        cluster.rejected(EXISTS, new Command.MapVolumeToGroup("other", shared, 5));
    }

    /** Protects a host that will join later: what all hosts see is free in empty groups, too. */
    @Test
    void volumesForEveryHostStayApartFromThoseOfGroups() {
        cluster.applied(new Command.MapVolumeToGroup("esx", shared, 3));
        assertThat(cluster.rejected(EXISTS, cluster.volume("all", 3))).contains("host group esx");
        VolumeId all = new VolumeId(cluster.applied(cluster.volume("all", 0)));
        cluster.rejected(EXISTS, new Command.MapVolumeToGroup("esx", all, 7));
        cluster.rejected(EXISTS, new Command.MapVolumeToGroup("esx", own, 0));
        assertThat(cluster.applied(new Command.MapVolumeToGroup("esx", own, -1))).isEqualTo(1);
    }

    @Test
    void whatIsInUseIsNotDeletedAndAVolumeGoesWithAllItsMappings() {
        cluster.applied(new Command.JoinHostGroup("esx", A));
        cluster.applied(new Command.MapVolumeToGroup("esx", shared, 3));
        assertThat(cluster.rejected(IN_USE, new Command.DeleteHost(A))).contains("esx");
        assertThat(cluster.rejected(IN_USE, new Command.DeleteHostGroup("esx")))
                .contains("1 volumes");
        assertThat(cluster.rejected(IN_USE, new Command.UnmapVolume(A, shared)))
                .contains("through host group esx", "take the host out");
        cluster.applied(new Command.DeleteVolume(shared, 1));
        assertThat(cluster.state().mappings()).isEmpty();
        assertThat(cluster.state().hostGroups().get("esx").volumes()).isEmpty();
        cluster.applied(new Command.DeleteHostGroup("esx"));
        cluster.applied(new Command.DeleteHost(A));
    }

    @Test
    void unknownNamesAreRefused() {
        cluster.rejected(INVALID, new Command.CreateHostGroup("with space"));
        cluster.rejected(INVALID, new Command.CreateHostGroup(""));
        cluster.rejected(NOT_FOUND, new Command.DeleteHostGroup("none"));
        cluster.rejected(NOT_FOUND, new Command.JoinHostGroup("none", A));
        cluster.rejected(NOT_FOUND, new Command.JoinHostGroup("esx", "nobody"));
        cluster.rejected(NOT_FOUND, new Command.LeaveHostGroup("none", A));
        cluster.rejected(NOT_FOUND, new Command.LeaveHostGroup("esx", A));
        cluster.rejected(NOT_FOUND, new Command.MapVolumeToGroup("none", own, -1));
        cluster.rejected(NOT_FOUND, new Command.MapVolumeToGroup("esx", new VolumeId(99), -1));
        cluster.rejected(NOT_FOUND, new Command.UnmapVolumeFromGroup("none", own));
        cluster.rejected(NOT_FOUND, new Command.UnmapVolumeFromGroup("esx", own));
    }

    @Test
    void aGroupTakesOnlySoManyHosts() {
        for (int i = 0; i < Limits.HOSTS_PER_HOST_GROUP_MAX; i++) {
            cluster.applied(new Command.CreateHost("h" + i));
            cluster.applied(new Command.JoinHostGroup("esx", "h" + i));
        }
        assertThat(cluster.rejected(INVALID, new Command.JoinHostGroup("esx", A)))
                .contains("256 hosts");
    }
}
