# Read by the launchers. Java takes the characters of file names from the locale: in one with ASCII only, or in one
# that is not installed, it can open no file with another character in its path. No option of Java's changes that.
case $(locale charmap 2>/dev/null || true) in
    '' | ANSI_X3.4-1968 | US-ASCII | ASCII | 646)
        LC_ALL=C.UTF-8
        for candidate in C.UTF-8 en_US.UTF-8; do
            if [ "$(LC_ALL=$candidate locale charmap 2>/dev/null || true)" = UTF-8 ]; then
                LC_ALL=$candidate
                break
            fi
        done
        export LC_ALL
        ;;
esac
