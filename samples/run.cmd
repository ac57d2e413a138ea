@echo off
rem Runs a sample: samples\run DigitsAccuracy [CHECKPOINT...]. Builds on first use; after a change, run mvnw package.
setlocal
set "HERE=%~dp0"
if "%~1"=="" (
    echo usage: samples\run NAME [ARGUMENT...] 1>&2
    exit /b 2
)
if not exist "%HERE%target\lib" (
    echo samples\run: building on first use 1>&2
    pushd "%HERE%.."
    call mvnw.cmd -q -ntp -DskipTests -pl samples -am package || (popd & exit /b 1)
    popd
)
set "JAVA=java"
if defined JAVA_HOME set "JAVA=%JAVA_HOME%\bin\java"
set "NAME=%~1"
set "ARGS="
:next
shift
if not "%~1"=="" (
    set ARGS=%ARGS% "%~1"
    goto next
)
"%JAVA%" --enable-native-access=ALL-UNNAMED -Dsun.misc.unsafe.memory.access=allow "-Dsamples.home=%HERE%." -cp "%HERE%target\classes;%HERE%target\lib\*" io.amalgam.samples.%NAME% %ARGS%
