#!/bin/sh
# Installs Debian packages without starting what is in them: a server that is there to be
# run by us, or by a test, shall not run beside it. Used by the two install.sh, as root.
set -eu

policy=${DESTDIR:-}/usr/sbin/policy-rc.d

# What is there is put back at the end, however that comes.
restore() {
	if [ -e "$policy.vaxel-keeps" ]; then mv -f "$policy.vaxel-keeps" "$policy"; else rm -f "$policy"; fi
}
trap restore EXIT
trap 'exit 130' INT TERM HUP

mkdir -p "$(dirname "$policy")"
# One that is marked as ours is from a run that was killed.
if [ -e "$policy" ] && ! grep -q "# vaxel" "$policy"; then cp -p "$policy" "$policy.vaxel-keeps"; fi
printf '#!/bin/sh\nexit 101 # vaxel: start no service while its packages are installed\n' >"$policy"
chmod 755 "$policy"

# A lock of another apt is waited for; a new machine has no list of packages yet.
get() { DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 "$@"; }
get install -y -q --no-install-recommends "$@" || { get update -q && get install -y -q --no-install-recommends "$@"; }
