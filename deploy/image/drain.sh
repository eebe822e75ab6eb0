#!/usr/bin/env bash
# Before a pod ends: it gets no new work, and what is under way may end. Envoy would cut it off at SIGTERM.
admin() { # METHOD PATH
    exec 3<>"/dev/tcp/127.0.0.1/${ADMIN_PORT:-9901}" || exit 0
    printf '%s %s HTTP/1.1\r\nhost: admin\r\nconnection: close\r\ncontent-length: 0\r\n\r\n' "$1" "$2" >&3
    cat <&3
}
# Readiness fails from here on; connections are closed once they have their answers.
admin POST /healthcheck/fail >/dev/null
# Until endpoints and load balancers have heard of it.
sleep "${NOTICE_SECONDS:-15}"
end=$((SECONDS + ${STREAM_SECONDS:-300}))
while ((SECONDS < end)); do
    [[ "$(admin GET '/stats?filter=^http.openai.downstream_rq_active$')" == *'rq_active: 0'* ]] && exit 0
    sleep 1
done
