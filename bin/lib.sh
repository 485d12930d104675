# Shared by the scripts of this directory; to be sourced. Sets ROOT and, by need_jdk, JAVA_HOME.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

die() {
    echo "$(basename "$0"): $*" >&2
    exit 1
}

# The major version of a JDK's home, or nothing.
jdk_version() {
    [ -x "$1/bin/javac" ] && sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release" 2>/dev/null
}

# Exports JAVA_HOME of a JDK 25: the caller's, else the first of the usual places.
need_jdk() {
    local home
    for home in "${JAVA_HOME:-}" /usr/lib/jvm/*25* "$HOME"/.sdkman/candidates/java/25*; do
        if [ -n "$home" ] && [ "$(jdk_version "$home")" = 25 ]; then
            export JAVA_HOME="$home"
            return
        fi
    done
    die "no JDK 25 found: install one (Debian 13: apt-get install openjdk-25-jdk; else Temurin 25) or set JAVA_HOME"
}

need_maven() {
    command -v mvn > /dev/null || die "no Maven found: install it (apt-get install maven)"
}

# Free MiB of the disk of a directory.
free_mib() {
    df --output=avail -m "$1" | tail -1 | tr -d ' '
}

# need_disk DIRECTORY MIB PURPOSE
need_disk() {
    local free
    free=$(free_mib "$1")
    [ "$free" -ge "$2" ] || die "$3 needs $2 MiB free on the disk of $1, there are $free: free some first"
}
