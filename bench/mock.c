/* The upstream of the bench: answers each protocol at once or at a pace, on one core, with little work.
 *
 *   mock PORT
 *
 * POST /v1/chat/completions, /v1/messages,  JSON of about 1 kB, or, when the body (Gemini: the path) asks for a stream,
 *      /v1/responses, /v1beta/models/M:A     server-sent events: the protocol's own sequence around DELTAS deltas, one write each
 * GET /pace?first=MS&gap=MS                 from now on: the wait before a stream's first event, and between two deltas
 * GET /stats                                {"json": n, "streams": n, "broken": n}: answered, finished, left by the caller
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

#define DELTAS 100
#define MAX_REQUEST (256 * 1024)
#define MAX_EVENTS 512

enum protocol { CHAT, MESSAGES, RESPONSES, GEMINI, PROTOCOLS };

struct conn {
    int fd;
    char *in;
    size_t used, room;
    enum protocol protocol;
    int next;    /* index of the next event of a stream; -1 when none runs */
    size_t said; /* bytes of it that are out */
    int waited;  /* its wait is over */
    struct conn *later, *earlier; /* the queue of paced streams that `gap` (or `first`) governs */
    int64_t due;
    int queue;
};

struct text {
    char *data;
    size_t size;
};

static int epoll_fd;
static int64_t first_ns, gap_ns;
static long answered, finished, broken;
static struct text json_reply[PROTOCOLS], events[PROTOCOLS][DELTAS + 12];
static int event_count[PROTOCOLS], first_delta[PROTOCOLS];
/* All waits of one kind are equally long, so that two queues in order of arrival are in order of time. */
static struct conn *head[2], *tail[2];
static const char STREAM_HEAD[] = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n"
                                  "x-request-id: req_bench\r\ntransfer-encoding: chunked\r\n\r\n";

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static struct text copy(const char *data, size_t size) {
    struct text t = {malloc(size), size};
    memcpy(t.data, data, size);
    return t;
}

/* ---- what is said */

static void add_event(enum protocol p, const char *event) {
    char chunk[4096];
    int size = snprintf(chunk, sizeof chunk, "%zx\r\n%s\r\n", strlen(event), event);
    events[p][event_count[p]++] = copy(chunk, size);
}

static void add_chat(const char *choices, const char *usage) {
    char event[1536];
    snprintf(event, sizeof event,
             "data: {\"id\":\"chatcmpl-Bq7wH2mZyTnKfJ5xR0cVdL3s8ePaU\",\"object\":\"chat.completion.chunk\",\"created\":1764000000,"
             "\"model\":\"bench-1\",\"service_tier\":\"default\",\"system_fingerprint\":\"fp_5a1c9e\",\"choices\":[%s],\"usage\":%s}\n\n",
             choices, usage);
    add_event(CHAT, event);
}

static void add_message(const char *type, const char *members) {
    char event[1536];
    snprintf(event, sizeof event, "event: %s\ndata: {\"type\":\"%s\"%s}\n\n", type, type, members);
    add_event(MESSAGES, event);
}

static void compose_chat(void) {
    char choice[512];
    add_chat("{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null},\"logprobs\":null,\"finish_reason\":null}",
             "null");
    first_delta[CHAT] = event_count[CHAT];
    for (int i = 0; i < DELTAS; i++) {
        snprintf(choice, sizeof choice,
                 "{\"index\":0,\"delta\":{\"content\":\" word%02d\"},\"logprobs\":null,\"finish_reason\":null}", i);
        add_chat(choice, "null");
    }
    add_chat("{\"index\":0,\"delta\":{},\"logprobs\":null,\"finish_reason\":\"stop\"}", "null");
    add_chat("", "{\"prompt_tokens\":60,\"completion_tokens\":200,\"total_tokens\":260,\"prompt_tokens_details\":"
                 "{\"cached_tokens\":0,\"audio_tokens\":0},\"completion_tokens_details\":{\"reasoning_tokens\":0,\"audio_tokens\":0}}");
    add_event(CHAT, "data: [DONE]\n\n");
}

static void compose_messages(void) {
    char members[512];
    add_message("message_start",
                ",\"message\":{\"id\":\"msg_01Bq7wH2mZyTnKfJ5xR0cVdL\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"bench-1\","
                "\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":60,"
                "\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,\"output_tokens\":1}}");
    add_message("content_block_start", ",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}");
    add_message("ping", "");
    first_delta[MESSAGES] = event_count[MESSAGES];
    for (int i = 0; i < DELTAS; i++) {
        snprintf(members, sizeof members, ",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\" word%02d\"}", i);
        add_message("content_block_delta", members);
    }
    add_message("content_block_stop", ",\"index\":0");
    add_message("message_delta",
                ",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":200}");
    add_message("message_stop", "");
}

static void add_response(const char *type, const char *members) {
    static int number;
    char event[3072];
    snprintf(event, sizeof event, "event: %s\ndata: {\"type\":\"%s\",\"sequence_number\":%d%s}\n\n", type, type, number++, members);
    add_event(RESPONSES, event);
}

#define RESPONSE(status, rest)                                                                                          \
    ",\"response\":{\"id\":\"resp_0f3a9c\",\"object\":\"response\",\"created_at\":1764000000,\"status\":\"" status              \
    "\",\"error\":null,\"incomplete_details\":null,\"instructions\":null,\"max_output_tokens\":512,\"model\":\"bench-1\","      \
    "\"parallel_tool_calls\":true,\"previous_response_id\":null,\"reasoning\":{\"effort\":null,\"summary\":null},"          \
    "\"store\":false,\"temperature\":1.0,\"text\":{\"format\":{\"type\":\"text\"}},\"tool_choice\":\"auto\",\"tools\":[],"   \
    "\"top_p\":1.0,\"truncation\":\"disabled\",\"metadata\":{}," rest "}"
#define RESPONSES_USAGE                                                                                                  \
    "\"usage\":{\"input_tokens\":60,\"input_tokens_details\":{\"cached_tokens\":0},\"output_tokens\":200,"                \
    "\"output_tokens_details\":{\"reasoning_tokens\":0},\"total_tokens\":260}"
#define OUTPUT_ITEM(status, parts)                                                                                       \
    "{\"id\":\"msg_0f3a9c\",\"type\":\"message\",\"status\":\"" status "\",\"content\":[" parts "],\"role\":\"assistant\"}"
#define OUTPUT_TEXT(text) "{\"type\":\"output_text\",\"annotations\":[],\"logprobs\":[],\"text\":\"" text "\"}"

static void compose_responses(void) {
    char members[2560], said[DELTAS * 7 + 1] = "";
    add_response("response.created", RESPONSE("in_progress", "\"output\":[],\"usage\":null"));
    add_response("response.in_progress", RESPONSE("in_progress", "\"output\":[],\"usage\":null"));
    add_response("response.output_item.added", ",\"output_index\":0,\"item\":" OUTPUT_ITEM("in_progress", ""));
    add_response("response.content_part.added",
                 ",\"item_id\":\"msg_0f3a9c\",\"output_index\":0,\"content_index\":0,\"part\":" OUTPUT_TEXT(""));
    first_delta[RESPONSES] = event_count[RESPONSES];
    for (int i = 0; i < DELTAS; i++) {
        snprintf(members, sizeof members,
                 ",\"item_id\":\"msg_0f3a9c\",\"output_index\":0,\"content_index\":0,\"delta\":\" word%02d\",\"logprobs\":[],"
                 "\"obfuscation\":\"x8Jd2nQ4\"", i);
        add_response("response.output_text.delta", members);
        sprintf(said + 7 * i, " word%02d", i);
    }
    snprintf(members, sizeof members,
             ",\"item_id\":\"msg_0f3a9c\",\"output_index\":0,\"content_index\":0,\"text\":\"%s\",\"logprobs\":[]", said);
    add_response("response.output_text.done", members);
    snprintf(members, sizeof members,
             ",\"item_id\":\"msg_0f3a9c\",\"output_index\":0,\"content_index\":0,\"part\":" OUTPUT_TEXT("%s"), said);
    add_response("response.content_part.done", members);
    snprintf(members, sizeof members, ",\"output_index\":0,\"item\":" OUTPUT_ITEM("completed", OUTPUT_TEXT("%s")), said);
    add_response("response.output_item.done", members);
    snprintf(members, sizeof members,
             RESPONSE("completed", "\"output\":[" OUTPUT_ITEM("completed", OUTPUT_TEXT("%s")) "]," RESPONSES_USAGE), said);
    add_response("response.completed", members);
}

#define CANDIDATE(text, more) "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"" text "\"}],\"role\":\"model\"}" more ",\"index\":0}],"
#define GEMINI_USAGE(output)                                                                                             \
    "\"usageMetadata\":{\"promptTokenCount\":60,\"candidatesTokenCount\":" output ",\"totalTokenCount\":260,"             \
    "\"promptTokensDetails\":[{\"modality\":\"TEXT\",\"tokenCount\":60}]},\"modelVersion\":\"bench-1\",\"responseId\":\"q7Ux-bench\"}"

static void compose_gemini(void) {
    char event[1024];
    first_delta[GEMINI] = 0;
    for (int i = 0; i < DELTAS; i++) {
        const char *form = i + 1 < DELTAS ? "data: " CANDIDATE(" word%02d", "") GEMINI_USAGE("%d") "\r\n\r\n"
                                          : "data: " CANDIDATE(" word%02d", ",\"finishReason\":\"STOP\"") GEMINI_USAGE("%d") "\r\n\r\n";
        snprintf(event, sizeof event, form, i, 2 * i + 2);
        add_event(GEMINI, event);
    }
}

static struct text whole(const char *before, const char *after) {
    char body[2048], reply[2560];
    int size = snprintf(body, sizeof body, "%s", before);
    for (int i = 0; i < 70; i++) size += snprintf(body + size, sizeof body - size, " word%02d,", i);
    size += snprintf(body + size, sizeof body - size, "%s", after);
    int total = snprintf(reply, sizeof reply,
                         "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: req_bench\r\ncontent-length: %d\r\n\r\n%s",
                         size, body);
    return copy(reply, total);
}

static void compose(void) {
    compose_chat();
    compose_messages();
    compose_responses();
    compose_gemini();
    json_reply[CHAT] =
        whole("{\"id\":\"chatcmpl-Bq7wH2mZyTnKfJ5xR0cVdL3s8ePaU\",\"object\":\"chat.completion\",\"created\":1764000000,\"model\":\"bench-1\","
              "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"",
              "\",\"refusal\":null,\"annotations\":[]},\"logprobs\":null,\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":60,"
              "\"completion_tokens\":200,\"total_tokens\":260,\"prompt_tokens_details\":{\"cached_tokens\":0,\"audio_tokens\":0},"
              "\"completion_tokens_details\":{\"reasoning_tokens\":0}},\"service_tier\":\"default\",\"system_fingerprint\":\"fp_5a1c9e\"}");
    json_reply[MESSAGES] =
        whole("{\"id\":\"msg_01Bq7wH2mZyTnKfJ5xR0cVdL\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"bench-1\","
              "\"content\":[{\"type\":\"text\",\"text\":\"",
              "\"}],\"stop_reason\":\"end_turn\",\"stop_sequence\":null,\"usage\":{\"input_tokens\":60,\"cache_creation_input_tokens\":0,"
              "\"cache_read_input_tokens\":0,\"output_tokens\":200}}");
    json_reply[RESPONSES] =
        whole("{\"id\":\"resp_0f3a9c\",\"object\":\"response\",\"created_at\":1764000000,\"status\":\"completed\",\"model\":\"bench-1\","
              "\"output\":[{\"id\":\"msg_0f3a9c\",\"type\":\"message\",\"status\":\"completed\",\"role\":\"assistant\",\"content\":["
              "{\"type\":\"output_text\",\"annotations\":[],\"logprobs\":[],\"text\":\"",
              "\"}]}],\"parallel_tool_calls\":true,\"tools\":[],\"store\":false," RESPONSES_USAGE "}");
    json_reply[GEMINI] = whole("{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"",
                               "\"}],\"role\":\"model\"},\"finishReason\":\"STOP\",\"index\":0}]," GEMINI_USAGE("200"));
}

/* ---- streams in wait */

static void queue_up(struct conn *c, int queue, int64_t due) {
    c->queue = queue;
    c->due = due;
    c->later = NULL;
    c->earlier = tail[queue];
    *(tail[queue] ? &tail[queue]->later : &head[queue]) = c;
    tail[queue] = c;
}

static void leave_queue(struct conn *c) {
    if (c->queue < 0) return;
    *(c->earlier ? &c->earlier->later : &head[c->queue]) = c->later;
    *(c->later ? &c->later->earlier : &tail[c->queue]) = c->earlier;
    c->queue = -1;
}

static void drop(struct conn *c) {
    leave_queue(c);
    if (c->next >= 0) broken++;
    close(c->fd);
    free(c->in);
    free(c);
}

/* For what is small and comes alone: a socket that cannot take it whole belongs to a caller that does not read. */
static int say(struct conn *c, const char *data, size_t size) {
    return send(c->fd, data, size, MSG_NOSIGNAL) == (ssize_t)size;
}

static void watch(struct conn *c, uint32_t what) {
    struct epoll_event e = {.events = what, .data.ptr = c};
    epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &e);
}

static int64_t wait_before(struct conn *c) {
    int delta = c->next - first_delta[c->protocol];
    return c->next == 0 ? first_ns : delta > 0 && delta < DELTAS ? gap_ns : 0;
}

/* Say what is due, one write an event; stop where a wait begins or the socket is full. False: the caller is gone. */
static int stream_on(struct conn *c) {
    enum protocol p = c->protocol;
    for (; c->next < event_count[p]; c->next++, c->said = c->waited = 0) {
        int64_t wait = wait_before(c);
        if (wait && !c->waited) {
            queue_up(c, c->next == 0 ? 0 : 1, now_ns() + wait);
            return 1;
        }
        struct text *event = &events[p][c->next];
        ssize_t sent = send(c->fd, event->data + c->said, event->size - c->said, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN) return 0;
        c->said += sent > 0 ? sent : 0;
        if (c->said < event->size) {
            c->waited = 1;
            watch(c, EPOLLIN | EPOLLOUT);
            return 1;
        }
    }
    c->next = -1;
    finished++;
    return say(c, "0\r\n\r\n", 5);
}

/* ---- requests */

static int answer_get(struct conn *c, const char *path) {
    char body[128], reply[512];
    int first, gap;
    if (sscanf(path, "/pace?first=%d&gap=%d", &first, &gap) == 2) {
        first_ns = first * 1000000LL;
        gap_ns = gap * 1000000LL;
    }
    int size = snprintf(body, sizeof body, "{\"json\": %ld, \"streams\": %ld, \"broken\": %ld}", answered, finished, broken);
    int total = snprintf(reply, sizeof reply,
                         "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s", size, body);
    return say(c, reply, total);
}

static enum protocol protocol_of(const char *path) {
    if (strncmp(path, "/v1/messages", 12) == 0) return MESSAGES;
    if (strncmp(path, "/v1/responses", 13) == 0) return RESPONSES;
    return strncmp(path, "/v1beta/", 8) == 0 ? GEMINI : CHAT;
}

static int answer_post(struct conn *c, const char *path, const char *body, size_t size) {
    c->protocol = protocol_of(path);
    const char *end = strchr(path, ' ');
    if ((c->protocol == GEMINI && memmem(path, end - path, ":stream", 7)) || memmem(body, size, "\"stream\":true", 13) || memmem(body, size, "\"stream\": true", 14)) {
        c->next = c->said = c->waited = 0;
        return say(c, STREAM_HEAD, sizeof STREAM_HEAD - 1) && stream_on(c);
    }
    answered++;
    return say(c, json_reply[c->protocol].data, json_reply[c->protocol].size);
}

/* Answer what has come in whole; false when the connection is done for. */
static int answer_input(struct conn *c) {
    while (c->next < 0 && c->used) {
        char *end = memmem(c->in, c->used, "\r\n\r\n", 4);
        if (!end) return c->used < 65536;
        size_t head_size = end + 4 - c->in, size = 0;
        end[2] = 0; /* the head is a string now, for the searches below */
        char *length = strcasestr(c->in, "\r\ncontent-length:");
        if (length) size = strtoul(length + 17, NULL, 10);
        end[2] = '\r';
        if (size > MAX_REQUEST) return 0;
        if (c->used < head_size + size) return 1;
        char *path = memchr(c->in, ' ', head_size);
        if (!path) return 0;
        int is_post = strncmp(c->in, "POST ", 5) == 0;
        if (!(is_post ? answer_post(c, path + 1, c->in + head_size, size) : answer_get(c, path + 1))) return 0;
        c->used -= head_size + size;
        memmove(c->in, c->in + head_size + size, c->used);
    }
    return 1;
}

/* The wait of a stream is over: the rest of it, then what else was asked meanwhile. */
static int resume(struct conn *c) { return stream_on(c) && answer_input(c); }

static int take_room(struct conn *c) {
    watch(c, EPOLLIN);
    return c->next < 0 || c->queue >= 0 || resume(c);
}

static int take_input(struct conn *c) {
    for (;;) {
        if (c->room - c->used < 65536) {
            c->room = c->room ? c->room * 2 : 131072;
            if (c->room > 4 * MAX_REQUEST || !(c->in = realloc(c->in, c->room))) return 0;
        }
        ssize_t got = recv(c->fd, c->in + c->used, c->room - c->used, 0);
        if (got < 0) return errno == EAGAIN;
        if (got == 0) return 0;
        c->used += got;
        if (!answer_input(c)) return 0;
        if (c->used < c->room && got < 65536) return 1;
    }
}

/* ---- the loop */

static int listen_on(int port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&a, sizeof a) || listen(fd, 1024)) fail("listen");
    return fd;
}

static void accept_all(int listener) {
    int fd, on = 1;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct conn *c = calloc(1, sizeof *c);
        c->fd = fd;
        c->next = c->queue = -1;
        struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
        epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &e);
    }
}

static void run_due(void) {
    int64_t now = now_ns();
    for (int queue = 0; queue < 2; queue++)
        while (head[queue] && head[queue]->due <= now) {
            struct conn *c = head[queue];
            leave_queue(c);
            c->waited = 1;
            if (!resume(c)) drop(c);
        }
}

static struct timespec *until_due(struct timespec *t) {
    int64_t due = INT64_MAX;
    for (int queue = 0; queue < 2; queue++)
        if (head[queue] && head[queue]->due < due) due = head[queue]->due;
    if (due == INT64_MAX) return NULL;
    int64_t wait = due - now_ns();
    if (wait < 0) wait = 0;
    *t = (struct timespec){wait / 1000000000, wait % 1000000000};
    return t;
}

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    signal(SIGPIPE, SIG_IGN);
    compose();
    int listener = listen_on(atoi(argv[1]));
    epoll_fd = epoll_create1(0);
    struct epoll_event ready[MAX_EVENTS], e = {.events = EPOLLIN, .data.ptr = NULL};
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &e);
    for (;;) {
        struct timespec t;
        int count = epoll_pwait2(epoll_fd, ready, MAX_EVENTS, until_due(&t), NULL);
        for (int i = 0; i < count; i++) {
            struct conn *c = ready[i].data.ptr;
            if (!c)
                accept_all(listener);
            else if (!((ready[i].events & EPOLLOUT) == 0 || take_room(c)) ||
                     !((ready[i].events & ~EPOLLOUT) == 0 || take_input(c)))
                drop(c);
        }
        run_due();
    }
}
