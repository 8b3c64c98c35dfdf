//! What programs do, as data. A program that stands nowhere here is unknown, hence dangerous.

use crate::finding::Kind;

/// Programs that only read, whatever their arguments, but see [`TURNS`].
pub(crate) const READ: &str = "\
    ls cat grep egrep fgrep rg head tail wc pwd echo printf which whereis whoami id groups date \
    uname df du file stat tree diff cmp comm cut tr nl tac rev fold paste join expand basename \
    dirname realpath readlink true false test [ : sleep seq column jq yq md5sum sha1sum \
    sha256sum shasum cksum ps uptime free nproc lscpu lsblk lsof man type sort find fd cd pushd \
    popd hexdump od strings locale arch getconf tty cal bc expr wait zcat zgrep bat exa eza cloc \
    tokei nvidia-smi vmstat iostat who w last netstat dir Get-ChildItem Get-Content \
    Select-String Get-Location Test-Path Write-Output apropos base64";

/// Programs that ask a remote host; the question itself may carry data out.
pub(crate) const FETCH: &str = "dig nslookup host ping whois traceroute";

/// Options that make a reading program do more.
pub(crate) const TURNS: &[(&str, &str, Kind)] = &[
    ("find", "-delete", Kind::Destroy),
    ("find", "-exec -execdir -ok -okdir", Kind::Execute),
    ("find", "-fprint -fprint0 -fprintf -fls", Kind::Write),
    ("fd", "-x -X --exec --exec-batch", Kind::Execute),
    ("sort", "--compress-program", Kind::Execute),
    ("sort", "-o --output", Kind::Write),
    ("rg", "--pre --hostname-bin", Kind::Execute),
    ("printf", "-v", Kind::Execute),
    ("test", "-v", Kind::Execute),
    ("[", "-v", Kind::Execute),
    ("base64", "-o --output", Kind::Write),
    ("journalctl", "--vacuum-size --vacuum-time --vacuum-files --rotate --flush", Kind::Destroy),
    ("dmesg", "-C -c --clear", Kind::Destroy),
    ("tree", "-o", Kind::Write),
    ("yq", "-i --inplace", Kind::Write),
    ("date", "-s --set", Kind::Config),
    ("bat", "--pager", Kind::Execute),
    ("man", "-P --pager -H --html", Kind::Execute),
    ("file", "-C --compile", Kind::Write),
];

/// Programs that change files or build and test; their paths are looked at.
pub(crate) const WRITE: &str = "\
    mkdir cp mv touch ln tee patch tar unzip zip gzip gunzip chmod install uniq split csplit \
    dos2unix chgrp mktemp xxd make cmake ninja pytest tox nox jest vitest mocha tsc eslint \
    prettier ruff black isort mypy pyright flake8 pylint rustc rustfmt gcc g++ cc clang \
    clang-format gofmt gradle ./gradlew mvn ./mvnw bazel ant javac swift xcodebuild phpunit \
    rspec rake bundle composer dotnet mix cabal stack virtualenv printenv set export unset \
    declare typeset readonly alias unalias umask ulimit shopt local New-Item Set-Content \
    Copy-Item Move-Item md copy move rustup pre-commit cspell stylua shellcheck";

/// Programs that are dangerous whatever their arguments, and why.
pub(crate) const DANGEROUS: &[(Kind, &str)] = &[
    (
        Kind::Destroy,
        "rm rmdir unlink shred srm dd mkfs wipefs fdisk parted truncate shutdown reboot halt \
     poweroff init pkill killall rd del erase Remove-Item ri Clear-Content format diskpart \
     dropdb dropuser userdel blkdiscard swapoff umount taskkill Stop-Process stop-computer \
     vssadmin",
    ),
    (
        Kind::Send,
        "ssh scp sftp rsync ftp nc ncat netcat telnet socat mail mailx sendmail mutt ngrok \
     rclone s3cmd twine Invoke-WebRequest iwr Invoke-RestMethod irm tftp wall write aria2c",
    ),
    (Kind::Release, "flyctl fly vercel netlify heroku wrangler ansible-playbook pulumi"),
    (Kind::Grant, "chown passwd useradd usermod groupadd setfacl visudo icacls takeown chpasswd"),
    (
        Kind::Execute,
        "eval source . exec trap npx bunx uvx pipx Invoke-Expression iex cmd cmd.exe powershell \
     powershell.exe pwsh rundll32 mshta wscript cscript expect script parallel watch gdb \
     strace unshare chroot nsenter tmux screen osascript open xdg-open Start-Process vim vi \
     nano emacs ed less more",
    ),
    (Kind::Agent, "claude codex gemini cursor-agent aider goose opencode copilot amp"),
    (
        Kind::Config,
        "crontab at batch launchctl systemd-run insmod modprobe sysctl iptables ufw nft mount \
     ip ifconfig route reg schtasks sc netsh defaults update-rc.d ssh-keygen ssh-add \
     ssh-copy-id gpg dpkg snap pacman apk enable hash bind \
     Set-ExecutionPolicy update-alternatives",
    ),
];

/// Programs that run what stands in their arguments or files.
pub(crate) const INTERPRETERS: &str = "\
    sh bash zsh dash ksh fish ash csh tcsh python python2 python3 node nodejs ruby perl php lua \
    deno bun Rscript julia groovy scala tclsh irb ipython pypy pypy3 ts-node tsx java";
pub(crate) const SHELLS: &str = "sh bash zsh dash ksh fish ash csh tcsh";

/// Programs that run the rest of their words: name, options that stand alone, options that take
/// the next word, plain words before the command. Any other option is not guessed at.
pub(crate) struct Wrapper {
    pub(crate) program: &'static str,
    pub(crate) alone: &'static str,
    pub(crate) with_value: &'static str,
    pub(crate) plain: usize,
}

const fn wrapper(
    program: &'static str,
    alone: &'static str,
    with_value: &'static str,
    plain: usize,
) -> Wrapper {
    Wrapper { program, alone, with_value, plain }
}

pub(crate) const WRAPPERS: &[Wrapper] = &[
    wrapper("env", "-i -0 -", "-u -C", 0),
    wrapper("sudo", "-n -E -H -S -k -i -s", "-u -g", 0),
    wrapper("doas", "-n", "-u", 0),
    wrapper("timeout", "--foreground --preserve-status -v", "-s -k", 1),
    wrapper("nohup", "", "", 0),
    wrapper("nice", "", "-n", 0),
    wrapper("ionice", "-t", "-c -n", 0),
    wrapper("time", "-p -v", "", 0),
    wrapper("stdbuf", "", "-i -o -e", 0),
    wrapper("setsid", "-w -f", "", 0),
    wrapper("command", "-p", "", 0),
    wrapper("builtin", "", "", 0),
    wrapper("xargs", "-0 -r -t -x", "-n -I -P -L -d -s -E", 0),
];

/// First word after the program decides. The last column is for every other word.
pub(crate) struct Sub {
    pub(crate) programs: &'static str,
    pub(crate) read: &'static str,
    pub(crate) write: &'static str,
    pub(crate) destroy: &'static str,
    pub(crate) other: Kind,
}

pub(crate) const SUBS: &[Sub] = &[
    Sub {
        programs: "cargo",
        read: "tree metadata search version help pkgid locate-project",
        write: "\
            build b check c test t clippy fmt doc bench run r nextest add remove update fetch \
            install uninstall new init clean fix generate-lockfile vendor package audit deny \
            machete insta expand llvm-cov xtask",
        destroy: "",
        other: Kind::Release,
    },
    Sub {
        programs: "npm pnpm yarn",
        read: "ls list view info outdated why explain help root prefix",
        write: "\
            test t ci install i add run run-script build start remove rm uninstall update up \
            dedupe prune audit init pack lint rebuild version typecheck dev",
        destroy: "unpublish",
        other: Kind::Release,
    },
    Sub {
        programs: "pip pip3 uv poetry pipenv conda hatch pdm",
        read: "list show freeze check help tree search info",
        write: "install uninstall sync lock add remove pip venv download wheel build update",
        destroy: "",
        other: Kind::Execute,
    },
    Sub {
        programs: "go",
        read: "list env version doc help",
        write: "build test vet fmt run mod get install generate clean work tool",
        destroy: "",
        other: Kind::UnknownCode,
    },
    Sub {
        programs: "kubectl oc k",
        read: "\
            get describe logs top explain version api-resources api-versions cluster-info diff \
            events",
        write: "",
        destroy: "delete drain",
        other: Kind::Release,
    },
    Sub {
        programs: "helm",
        read: "list ls status get template lint show history search version",
        write: "dependency repo package create",
        destroy: "uninstall delete",
        other: Kind::Release,
    },
    Sub {
        programs: "terraform tofu terragrunt",
        read: "show output version graph providers",
        write: "plan validate fmt init get test",
        destroy: "destroy state taint force-unlock import",
        other: Kind::Release,
    },
    Sub {
        programs: "docker podman nerdctl",
        read: "ps images logs inspect version info top stats history port diff search",
        write: "build pull stop start restart tag create pause unpause wait",
        destroy: "rm rmi system volume kill image container network builder",
        other: Kind::Execute,
    },
    Sub {
        programs: "apt apt-get apt-cache yum dnf brew",
        read: "list search show policy info depends rdepends leaves deps outdated",
        write: "",
        destroy: "",
        other: Kind::Config,
    },
    Sub {
        programs: "systemctl service",
        read: "\
            status list-units is-active is-enabled show list-unit-files list-dependencies \
            list-timers list-sockets cat",
        write: "",
        destroy: "stop kill disable mask poweroff reboot halt",
        other: Kind::Release,
    },
];
