# shellcheck shell=bash
# Debian packages of any architecture, unpacked and not installed: apt works as on a machine of that kind where nothing is
# installed, with the sources and keys of this one. Packages, lists and architectures of this machine stay as they are.

apt_begin() # ARCHITECTURE DIRECTORY: all that apt writes goes there, and with it goes away
{
    apt_root=$2
    mkdir -p "$apt_root/state/lists/partial" "$apt_root/cache/archives/partial" || return
    : >"$apt_root/status"
    cat >"$apt_root/conf" <<CONF
Dir::State "$apt_root/state";
Dir::State::status "$apt_root/status";
Dir::Cache "$apt_root/cache";
Dir::Log "$apt_root";
APT::Architecture "$1";
#clear APT::Architectures;
APT::Architectures { "$1"; };
APT::Sandbox::User "";
Acquire::Languages "none";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Invoke;
#clear DPkg::Post-Invoke;
CONF
    apt-get -c="$apt_root/conf" update || true # a list that cannot be had need not spoil the others
}

# Both get packages into $apt_root/cache/archives: with all that they need, or as they are.
apt_whole() { apt-get -c="$apt_root/conf" install -y --no-install-recommends --download-only "$@"; }
apt_alone() { (cd "$apt_root/cache/archives" && apt-get -c="$apt_root/conf" download "$@"); }

# What a package that has nothing but needs stands for: linux-image-6.1.0-57-cloud-amd64 for linux-image-cloud-amd64.
apt_means() { apt-cache -c="$apt_root/conf" depends "$1" | awk '$1 == "Depends:" { print $2; exit }'; }

apt_unpack() # DIRECTORY PATTERN...: of names of packages
{
    local to=$1 pattern deb
    shift
    for pattern in "$@"; do
        for deb in "$apt_root"/cache/archives/$pattern.deb; do
            dpkg -x "$deb" "$to" || return
        done
    done
}
