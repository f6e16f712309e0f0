/* The load of the bench: sends one request over and over on some connections, on one core, and says how it went.
 *
 *   load PORT REQUEST-FILE CONNECTIONS SECONDS RATE RAMP-MS
 *
 * REQUEST-FILE holds the bytes of a whole HTTP/1.1 request. RATE 0: each connection sends its next request when the last is
 * answered (a closed loop: what comes out is the greatest rate). Otherwise RATE requests a second fall due, evenly spaced, and
 * a latency counts from the moment at which its request was due, so that a slow server cannot hide by slowing us down.
 * RAMP-MS spreads the connections' first requests (streams: so that they do not march in step).
 *
 * No request is begun after SECONDS; those under way are waited for, 10 s at most. Printed is one line of JSON: requests
 * completed, those within SECONDS, failures (not 200, cut, unreadable), events (blank lines in streamed bodies), percentiles
 * of the latency and of the first byte of the body, in microseconds.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_EVENTS 512
#define MAX_HEAD 16384
#define GRACE_NS 10000000000LL

enum state { IDLE, HEAD, COUNTED, SIZE, CHUNK, AFTER_CHUNK, TRAILER };

struct conn {
    int fd;
    enum state state;
    size_t sent;
    int64_t due, first_byte, start_at; /* start_at: when its first request may go */
    char head[MAX_HEAD];
    size_t head_size;
    int64_t rest; /* of the counted body, or of the chunk */
    int digits, line;
    char last;
    struct conn *next_idle;
};

struct samples {
    uint32_t *us;
    size_t count, room;
};

static int epoll_fd, port;
static char *request;
static size_t request_size;
static int64_t stop_at, next_due, interval;
static long completed, in_time, failed, event_count, under_way;
static struct samples latency, first_byte;
static struct conn *idle;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void note(struct samples *s, int64_t ns) {
    if (s->count == s->room) {
        s->room = s->room ? s->room * 2 : 65536;
        if (!(s->us = realloc(s->us, s->room * sizeof *s->us))) fail("memory");
    }
    s->us[s->count++] = ns / 1000;
}

static void dial(struct conn *c) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1;
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&a, sizeof a)) fail("connect");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &e);
}

static void rest(struct conn *c) {
    c->state = IDLE;
    c->next_idle = idle;
    idle = c;
}

/* What is being sent is never larger than the socket's buffer at rest; a send that does not fit blocks, which is right. */
static void begin(struct conn *c, int64_t due) {
    c->due = due;
    c->first_byte = 0;
    c->head_size = 0;
    c->state = HEAD;
    c->last = 0;
    under_way++;
    if (send(c->fd, request, request_size, MSG_NOSIGNAL) != (ssize_t)request_size) {
        /* the server closed an idle connection: once more on a fresh one */
        close(c->fd);
        dial(c);
        if (send(c->fd, request, request_size, MSG_NOSIGNAL) != (ssize_t)request_size) fail("send");
    }
}

static void count_end(struct conn *c, int64_t now) {
    under_way--;
    completed++;
    if (now <= stop_at) in_time++;
    note(&latency, now - c->due);
    if (c->first_byte) note(&first_byte, c->first_byte - c->due);
}

static void finish(struct conn *c) {
    int64_t now = now_ns();
    count_end(c, now);
    if (interval || now >= stop_at)
        rest(c);
    else
        begin(c, now);
}

static void lose(struct conn *c) {
    if (c->state != IDLE) {
        failed++;
        under_way--;
    }
    close(c->fd);
    dial(c);
    if (c->state == IDLE) return;
    if (interval || now_ns() >= stop_at || failed > 1000)
        rest(c);
    else
        begin(c, now_ns());
}

/* ---- replies */

static int read_head(struct conn *c) {
    if (strncmp(c->head, "HTTP/1.1 200", 12)) {
        if (failed < 3) fprintf(stderr, "load: %.*s\n", (int)c->head_size, c->head);
        return 0;
    }
    char *length = strcasestr(c->head, "\r\ncontent-length:");
    if (strcasestr(c->head, "\r\ntransfer-encoding: chunked")) {
        c->state = SIZE;
        c->rest = 0;
    } else if (length) {
        c->state = COUNTED;
        c->rest = strtol(length + 17, NULL, 10);
    } else
        return 0;
    return 1;
}

static size_t take_head(struct conn *c, const char *data, size_t size) {
    size_t before = c->head_size, room = MAX_HEAD - 1 - before, part = size < room ? size : room;
    memcpy(c->head + before, data, part);
    c->head_size += part;
    c->head[c->head_size] = 0;
    char *end = strstr(c->head + (before > 3 ? before - 3 : 0), "\r\n\r\n");
    if (!end) return part == size ? size : 0;
    size_t used = end + 4 - c->head;
    end[2] = 0;
    c->head_size = used;
    return read_head(c) ? used - before : 0;
}

static void count_events(struct conn *c, const char *data, size_t size) {
    const char *at = data, *end = data + size;
    if (!c->first_byte) c->first_byte = now_ns();
    while ((at = memchr(at, '\n', end - at))) {
        if ((at == data ? c->last : at[-1]) == '\n') event_count++;
        at++;
    }
    c->last = end[-1];
}

/* Bytes used of `size`; 0 for what is no HTTP. Sets IDLE at the end of a reply. */
static size_t take_body(struct conn *c, const char *data, size_t size) {
    size_t part;
    switch (c->state) {
    case COUNTED:
    case CHUNK:
        part = (int64_t)size < c->rest ? size : (size_t)c->rest;
        if (part) count_events(c, data, part);
        c->rest -= part;
        if (!c->rest) c->state = c->state == CHUNK ? AFTER_CHUNK : IDLE;
        return part;
    case AFTER_CHUNK:
    case SIZE:
        for (part = 0; part < size; part++) {
            char b = data[part];
            if (b == '\r') continue;
            if (b == '\n') {
                if (c->state == AFTER_CHUNK) {
                    c->state = SIZE;
                    c->rest = 0;
                    continue;
                }
                c->state = c->rest ? CHUNK : TRAILER;
                return part + 1;
            }
            int digit = b >= '0' && b <= '9' ? b - '0' : (b | 32) >= 'a' && (b | 32) <= 'f' ? (b | 32) - 'a' + 10 : -1;
            if (digit < 0) return 0;
            c->rest = c->rest * 16 + digit;
        }
        return size;
    case TRAILER: /* none are expected: the blank line */
        for (part = 0; part < size; part++)
            if (data[part] == '\n') {
                c->state = IDLE;
                return part + 1;
            }
        return size;
    default:
        return 0;
    }
}

static void take_input(struct conn *c) {
    static char buffer[262144];
    ssize_t got = recv(c->fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0 || c->state == IDLE) {
        lose(c);
        return;
    }
    size_t at = 0;
    while (at < (size_t)got) {
        size_t used = c->state == HEAD ? take_head(c, buffer + at, got - at) : take_body(c, buffer + at, got - at);
        if (!used) {
            lose(c);
            return;
        }
        at += used;
        if (c->state == IDLE || (c->state == COUNTED && !c->rest)) {
            finish(c);
            return;
        }
    }
}

/* ---- time */

static void start_due(struct conn *conns, int count, int *started) {
    int64_t now = now_ns();
    if (now >= stop_at) return;
    if (!interval) {
        for (; *started < count && conns[*started].start_at <= now; ++*started) begin(&conns[*started], now);
        return;
    }
    for (; idle && next_due <= now; next_due += interval) {
        struct conn *c = idle;
        idle = c->next_idle;
        begin(c, next_due);
    }
}

static struct timespec until_next(const struct conn *conns, int count, int started) {
    int64_t now = now_ns(), next = now < stop_at ? stop_at : now + 100000000;
    if (interval && idle && next_due < next) next = next_due;
    if (!interval && started < count && conns[started].start_at < next) next = conns[started].start_at;
    if (next < now) next = now;
    return (struct timespec){(next - now) / 1000000000, (next - now) % 1000000000};
}

/* ---- the report */

static int by_size(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void print_percentiles(const char *name, struct samples *s) {
    static const double points[] = {50, 90, 99, 99.9};
    static const char *names[] = {"p50", "p90", "p99", "p999"};
    qsort(s->us, s->count, sizeof *s->us, by_size);
    printf(", \"%s\": {", name);
    for (int i = 0; i < 4; i++) {
        size_t at = s->count * points[i] / 100;
        printf("\"%s\": %u, ", names[i], s->count ? s->us[at < s->count ? at : s->count - 1] : 0);
    }
    printf("\"max\": %u}", s->count ? s->us[s->count - 1] : 0);
}

static void read_request(const char *name) {
    FILE *f = fopen(name, "rb");
    if (!f) fail(name);
    request = malloc(1 << 20);
    request_size = fread(request, 1, 1 << 20, f);
    fclose(f);
}

int main(int argc, char **argv) {
    if (argc != 7) return 2;
    signal(SIGPIPE, SIG_IGN);
    port = atoi(argv[1]);
    read_request(argv[2]);
    int count = atoi(argv[3]), started = 0, rate = atoi(argv[5]);
    double seconds = atof(argv[4]);
    int64_t ramp = atoi(argv[6]) * 1000000LL;
    struct conn *conns = calloc(count, sizeof *conns);
    epoll_fd = epoll_create1(0);
    for (int i = 0; i < count; i++) dial(&conns[i]);
    int64_t begun = now_ns();
    stop_at = begun + seconds * 1e9;
    interval = rate ? 1000000000LL / rate : 0;
    next_due = begun;
    for (int i = 0; i < count; i++) {
        conns[i].start_at = begun + ramp * i / count;
        if (interval) rest(&conns[i]);
    }
    struct epoll_event ready[MAX_EVENTS];
    for (;;) {
        start_due(conns, count, &started);
        int64_t now = now_ns();
        if (now >= stop_at && (!under_way || now >= stop_at + GRACE_NS)) break;
        struct timespec t = until_next(conns, count, started);
        int n = epoll_pwait2(epoll_fd, ready, MAX_EVENTS, &t, NULL);
        for (int i = 0; i < n; i++) take_input(ready[i].data.ptr);
    }
    failed += under_way;
    printf("{\"requests\": %ld, \"in_time\": %ld, \"seconds\": %g, \"failed\": %ld, \"events\": %ld", completed, in_time, seconds,
           failed, event_count);
    print_percentiles("latency_us", &latency);
    print_percentiles("first_byte_us", &first_byte);
    printf("}\n");
}
