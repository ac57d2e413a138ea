# The everyday commands. Needs a JDK 17 or newer; everything else is fetched by the build.

help:            ## this list
	@grep -E '^[a-z-]+:.*##' Makefile | sed 's/:.*## */\t/' | expand -t 16

build:           ## compile and package, without tests
	./mvnw -q -ntp -DskipTests package

test:            ## all tests, as in the README
	./mvnw -ntp verify

scalar:          ## all tests on the scalar kernels
	./mvnw -ntp -Pscalar verify

format:          ## format the sources
	./mvnw -q -ntp -pl '!bom' spotless:apply

bench: build     ## merges against the copy floor; arguments in ARGS
	./amalgam bench $(ARGS)

kill-test: build ## merges killed, on a full disk, with changing inputs; takes minutes and 3 GB of disk
	tools/kill-test.sh $(ARGS)

fuzz:            ## readers given what Jazzer finds; time for each target, and targets, in ARGS (60s, all)
	tools/fuzz.sh $(ARGS)

faults:          ## every write of every command fails, once and for good; takes minutes
	./mvnw -q -ntp -pl merge-cli -am test -Dtest=WriteFaultsTest -Dsurefire.failIfNoSpecifiedTests=false -Dfaults.every=1

vocabularies: build ## merged vocabularies judged by Python's transformers, where it is installed
	python3 tools/check-vocabularies.py

jmh: build       ## kernels, scalar and SIMD side by side; arguments in ARGS
	./mvnw -q -ntp -pl merge-core test-compile exec:exec@jmh -Djmh.args="$(ARGS)"

dist:            ## archives of the command: zip and tar.gz in merge-cli/target
	./mvnw -q -ntp -Pdist -pl merge-cli -am -DskipTests package

image: dist      ## the command with a Java runtime of its own, in merge-cli/target/image
	tools/make-image.sh $(ARGS)

javadoc:         ## the library's API
	./mvnw -q -ntp -pl merge-core,merge-formats,merge-spark javadoc:javadoc

clean:           ## remove everything built
	./mvnw -q clean

.PHONY: help build test scalar format bench kill-test fuzz faults vocabularies jmh dist image javadoc clean
