# Sourced by ./run, ./test and ./dev: are the tools there, and a quiet build that shows that it works.
say() { printf '%s\n' "$*"; }
fail() { printf 'millrace: %s\n' "$*" >&2; exit 1; }

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1

need_dotnet() {
  if ! command -v dotnet >/dev/null 2>&1 || ! dotnet --list-sdks 2>/dev/null | grep -q '^10\.'; then
    case "$(uname -s)" in
      Darwin) how='brew install --cask dotnet-sdk' ;;
      *) how='curl -sSL https://dot.net/v1/dotnet-install.sh | bash -s -- --channel 10.0   (then add ~/.dotnet to PATH)' ;;
    esac
    fail "the .NET 10 SDK is missing. Install it with:
  $how
or from https://dotnet.microsoft.com/download/dotnet/10.0"
  fi
}

need_node() {
  if ! command -v node >/dev/null 2>&1 || ! command -v npm >/dev/null 2>&1; then
    case "$(uname -s)" in
      Darwin) how='brew install node' ;;
      *) how='sudo apt-get install nodejs npm' ;;
    esac
    fail "Node (18 or later, for the dashboard) is missing. Install it with:
  $how
or from https://nodejs.org"
  fi
}

# quietly WHAT COMMAND…: runs the command with its output in a file; shows a clock meanwhile, and the output only when it fails.
quietly() {
  local what=$1 log status=0 start=$SECONDS
  shift
  log=$(mktemp)
  "$@" >"$log" 2>&1 </dev/null &
  local pid=$!
  trap 'kill "$pid" 2>/dev/null; rm -f "$log"; exit 130' INT TERM
  if [ -t 1 ]; then
    while kill -0 "$pid" 2>/dev/null; do
      printf '\r%s … %ds ' "$what" $((SECONDS - start))
      sleep 1
    done
    printf '\r'
  fi
  wait "$pid" || status=$?
  trap - INT TERM
  if [ "$status" -ne 0 ]; then
    say "$what: failed after $((SECONDS - start)) s"
    cat "$log" >&2
    rm -f "$log"
    return "$status"
  fi
  say "$what: done in $((SECONDS - start)) s"
  rm -f "$log"
}

# publish_millrace OUT: the executable with its code compiled ahead of time, so that it is fast from the first row on.
publish_millrace() {
  quietly "building Millrace (Release)" dotnet publish src/Millrace.Cli -c Release --use-current-runtime --self-contained false -p:PublishReadyToRun=true -p:RunAnalyzers=false \
    -o "$1" -v quiet --nologo || fail "the build failed, see above"
}
